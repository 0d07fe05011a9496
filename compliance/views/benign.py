"""误报短语: what officers found harmless, and a second person's word on it."""

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from compliance import benign as service
from compliance.models import Alert, BenignProposal
from compliance.names import category_name
from scrm.accounts.request import Request
from scrm.core.access import OFFICER, access
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch


def _visible(request: Request) -> QuerySet[BenignProposal]:
    mine = Alert.objects.visible_to(request.user)
    rows = BenignProposal.objects.filter(alert__in=mine)
    return rows.select_related("proposed_by", "decided_by", "version", "alert__message")


@access({OFFICER})
def proposals(request: Request) -> HttpResponse:
    page = page_of(request, _visible(request).order_by("state", "-id"))
    for row in page:
        row.category_label = category_name(row.category)
        row.hits = [
            f for f in row.alert.findings if row.start <= f["start"] and f["end"] <= row.end
        ]
    return render(request, "compliance/benign.html", {"page": page})


@require_POST
@access(set(), {OFFICER})
def decide(request: Request, pk: int) -> HttpResponse:
    """POST act=accept | reject, reason. Accepting leads to the draft and its preview."""
    row = fetch(_visible(request), pk=pk)
    if request.POST.get("act") == "accept":
        done = perform(
            request,
            lambda: service.benign_accept(proposal=row, actor=request.user),
            "已生成词库草稿，请看差别后启用。",
        )
        row.refresh_from_db()
        if done and row.version_id:
            return go(request, "compliance:lexicon", row.version_id)
        return go(request, "compliance:benign")
    reason = request.POST.get("reason", "")
    perform(
        request,
        lambda: service.benign_reject(proposal=row, reason=reason, actor=request.user),
        "已驳回，提出人会看到理由。",
    )
    return go(request, "compliance:benign")
