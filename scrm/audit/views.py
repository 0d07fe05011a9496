"""The audit trail: who did what to which object, and why."""

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from scrm.audit.actions import LABELS
from scrm.audit.models import AuditEvent
from scrm.core.access import AUDITOR, HQ, OFFICER, access
from scrm.core.pages import page_of


def _filtered(request: HttpRequest) -> QuerySet[AuditEvent]:
    rows = AuditEvent.objects.visible_to(request.user)
    if action := request.GET.get("action"):
        rows = rows.filter(action=action)
    if words := request.GET.get("q", "").strip():
        rows = rows.filter(
            Q(actor_name=words) | Q(object_label__icontains=words) | Q(object_id=words)
        )
    return rows


@access({AUDITOR, HQ, OFFICER})
def events(request: HttpRequest) -> HttpResponse:
    page = page_of(request, _filtered(request))
    for event in page:
        event.label = LABELS.get(event.action, event.action)
    return render(request, "audit/events.html", {"page": page, "actions": sorted(LABELS.items())})
