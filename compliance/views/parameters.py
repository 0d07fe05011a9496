"""监督参数: the thresholds in force, and changing them with a second person."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from compliance import parameters as service
from compliance.models import ParameterChange
from scrm.accounts.request import Request
from scrm.core import limits
from scrm.core.access import AUDITOR, HQ, OFFICER, access
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch


@access({HQ, OFFICER, AUDITOR}, {HQ})
def parameters(request: Request) -> HttpResponse:
    """GET shows them; POST key, value, why proposes a change."""
    if request.method == "POST":
        _propose(request)
        return go(request, "compliance:parameters")
    changes = ParameterChange.objects.select_related("proposed_by", "decided_by")
    waiting = {row.key: row for row in changes.filter(state=ParameterChange.State.OPEN)}
    rows = [
        {
            "parameter": parameter,
            "value": limits.number(parameter.key),
            "default": limits.default(parameter.key),
            "waiting": waiting.get(parameter.key),
        }
        for parameter in service.PARAMETERS
    ]
    page = page_of(request, changes.exclude(state=ParameterChange.State.OPEN))
    for change in page:
        change.parameter = service.BY_KEY.get(change.key)
    return render(request, "compliance/parameters.html", {"rows": rows, "page": page})


def _propose(request: Request) -> None:
    value = request.POST.get("value", "")
    perform(
        request,
        lambda: service.parameter_propose(
            key=request.POST.get("key", ""),
            value=int(value) if value.isascii() and value.isdecimal() else -1,
            why=request.POST.get("why", ""),
            actor=request.user,
        ),
        "已提出，由另一位总行人员批准后立即生效。",
    )


@require_POST
@access(set(), {HQ})
def parameter_decide(request: Request, pk: int) -> HttpResponse:
    """POST act=approve | reject."""
    change = fetch(ParameterChange.objects, pk=pk)
    approve = request.POST.get("act") == "approve"
    perform(
        request,
        lambda: service.parameter_decide(change=change, approve=approve, actor=request.user),
        "已批准，新值立即生效。" if approve else "已驳回，原值不变。",
    )
    return go(request, "compliance:parameters")
