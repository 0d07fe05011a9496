"""转交办理: what compliance proposes in its cases and an administrator carries out."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from compliance import transfers as service
from compliance.models import Case, CaseTransfer
from scrm.accounts.models import User
from scrm.accounts.request import Request
from scrm.core.access import ADMIN, HQ, OFFICER, access
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch


@access({ADMIN, HQ})
def transfers(request: Request) -> HttpResponse:
    """?open=1 only those that wait for somebody."""
    rows = CaseTransfer.objects.visible_to(request.user)
    rows = rows.select_related("customer", "giver__branch", "taker", "proposed_by", "decided_by")
    only = request.GET.get("open", "")
    if only:
        rows = rows.filter(state=CaseTransfer.State.PROPOSED)
    context = {"page": page_of(request, rows.order_by("-id")), "only": only}
    return render(request, "compliance/transfers.html", context)


@require_POST
@access(set(), {ADMIN, HQ})
def transfer_decide(request: Request, pk: int) -> HttpResponse:
    """POST act=carry_out | decline, reason."""
    row = fetch(CaseTransfer.objects.visible_to(request.user), pk=pk)
    if request.POST.get("act") == "carry_out":
        perform(
            request,
            lambda: service.transfer_carry_out(transfer=row, actor=request.user),
            "已办理：有好友关系的由企业微信在 24 小时内转交，客户可以拒绝。",
        )
    else:
        reason = request.POST.get("reason", "")
        perform(
            request,
            lambda: service.transfer_decline(transfer=row, reason=reason, actor=request.user),
            "已记录不予办理。",
        )
    return go(request, "compliance:transfers")


@require_POST
@access(set(), {OFFICER})
def case_transfer(request: Request, pk: int) -> HttpResponse:
    """POST taker, why."""
    case = fetch(Case.objects.visible_to(request.user), pk=pk)
    chosen = request.POST.get("taker", "")
    taker = fetch(
        User.objects.visible_to(request.user), pk=int(chosen) if chosen.isdecimal() else 0
    )
    perform(
        request,
        lambda: service.transfer_propose(
            case=case, taker=taker, why=request.POST.get("why", ""), actor=request.user
        ),
        "已提出转交，由机构管理员办理，结果显示在本工单。",
    )
    return go(request, "compliance:case", pk)
