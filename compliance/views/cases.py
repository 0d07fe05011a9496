"""工单: what is done about confirmed violations."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from compliance import cases as service
from compliance.conflicts import conflict_of
from compliance.models import Case, CaseAction
from compliance.selectors import desk
from scrm.accounts.request import Request
from scrm.core.access import OFFICER, access
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch


@access({OFFICER})
def cases(request: Request) -> HttpResponse:
    state = request.GET.get("state", "")
    context = {
        "page": page_of(request, desk.cases(request.user, state)),
        "state": state,
        "states": Case.State.choices,
        "counts": desk.case_counts(request.user),
        "now": timezone.now(),
    }
    return render(request, "compliance/cases.html", context)


@access({OFFICER})
def case(request: Request, pk: int) -> HttpResponse:
    row = fetch(desk.cases_of(request.user), pk=pk)
    context = {
        "case": row,
        "alert": row.alert,
        "actions": row.actions.select_related("by"),
        "kinds": CaseAction.Kind.choices,
        "conflict": conflict_of(row.alert, request.user),
        "now": timezone.now(),
    }
    return render(request, "compliance/case.html", context)


@require_POST
@access(set(), {OFFICER})
def case_action(request: Request, pk: int) -> HttpResponse:
    row = fetch(Case.objects.visible_to(request.user), pk=pk)
    kind, note = request.POST.get("kind", ""), request.POST.get("note", "")
    perform(
        request,
        lambda: service.case_action(case=row, kind=kind, note=note, actor=request.user),
        "处置措施已记录。",
    )
    return go(request, "compliance:case", pk)


@require_POST
@access(set(), {OFFICER})
def case_close(request: Request, pk: int) -> HttpResponse:
    row = fetch(Case.objects.visible_to(request.user), pk=pk)
    evidence = request.POST.get("evidence", "")
    perform(
        request,
        lambda: service.case_close(case=row, evidence=evidence, actor=request.user),
        "工单已结案。",
    )
    return go(request, "compliance:case", pk)
