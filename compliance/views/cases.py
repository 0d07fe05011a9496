"""工单: what is done about confirmed violations."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from compliance import cases as service
from compliance import transfers
from compliance.conflicts import conflict_of
from compliance.models import Case, CaseAction
from compliance.names import category_name
from compliance.selectors import cases as selectors
from compliance.selectors import desk
from scrm.accounts.request import Request
from scrm.core.access import OFFICER, access
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch


@access({OFFICER})
def cases(request: Request) -> HttpResponse:
    state, late = request.GET.get("state", ""), request.GET.get("late", "")
    context = {
        "page": page_of(request, selectors.cases(request.user, state, late=bool(late))),
        "state": state,
        "late": late,
        "states": Case.State.choices,
        "counts": selectors.case_counts(request.user),
        "now": timezone.now(),
    }
    return render(request, "compliance/cases.html", context)


@access({OFFICER})
def case(request: Request, pk: int) -> HttpResponse:
    row = fetch(selectors.cases_of(request.user), pk=pk)
    context = {
        "case": row,
        "alert": row.alert,
        "kinds": CaseAction.Kind.choices,
        "conflict": conflict_of(row.alert, request.user),
        "now": timezone.now(),
        "successors": transfers.successors(row.alert.user)[:20] if row.alert.customer else (),
        "moving": transfers.moving(row),
        "entries": selectors.entries(row),
        "related": desk.related(row.alert, request.user)[:10],
        "category": category_name(row.alert.category),
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


@require_POST
@access(set(), {OFFICER})
def case_reopen(request: Request, pk: int) -> HttpResponse:
    row = fetch(Case.objects.visible_to(request.user), pk=pk)
    reason = request.POST.get("reason", "")
    perform(
        request,
        lambda: service.case_reopen(case=row, reason=reason, actor=request.user),
        "工单已重新打开，期限重新计算。",
    )
    return go(request, "compliance:case", pk)


@require_POST
@access(set(), {OFFICER})
def case_extend(request: Request, pk: int) -> HttpResponse:
    row = fetch(Case.objects.visible_to(request.user), pk=pk)
    reason = request.POST.get("reason", "")
    perform(
        request,
        lambda: service.case_extend(case=row, reason=reason, actor=request.user),
        "已延期到 60 日。",
    )
    return go(request, "compliance:case", pk)
