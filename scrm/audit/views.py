"""The audit trail: who did what to which object, and why."""

from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render

from scrm.audit.actions import LABELS
from scrm.audit.models import AuditEvent
from scrm.core.access import AUDITOR, HQ, OFFICER, access
from scrm.core.pages import page_of

if TYPE_CHECKING:
    from scrm.accounts.request import Request


def _filtered(rows: QuerySet[AuditEvent], action: str, words: str) -> QuerySet[AuditEvent]:
    if action:
        rows = rows.filter(action=action)
    if words:
        rows = rows.filter(
            Q(actor_name=words) | Q(object_label__icontains=words) | Q(object_id=words)
        )
    return rows


@access({AUDITOR, HQ, OFFICER})
def events(request: "Request") -> HttpResponse:
    action, words = request.GET.get("action", ""), request.GET.get("q", "").strip()
    rows = AuditEvent.objects.visible_to(request.user)
    page = page_of(request, _filtered(rows, action, words))
    for event in page:
        event.label = LABELS.get(event.action, event.action)
    context = {"page": page, "actions": sorted(LABELS.items()), "action": action, "words": words}
    return render(request, "audit/events.html", context)
