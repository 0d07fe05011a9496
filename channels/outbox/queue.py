"""Puts cleared messages into the outbox, and takes them back while that is possible."""

from django.db import transaction
from django.utils import timezone

from channels import signals
from channels.models import OutboxTask
from channels.outbox.clearance import Clearance, Message, seal
from channels.outbox.sending import settle
from channels.providers.base import ProviderError
from channels.providers.wecom.api import wecom_of
from scrm.core.bell import ring

State = OutboxTask.State
# Cancelled before, or nothing left to stop.
_STOPPED_ALREADY = frozenset({41093, 97611})


def enqueue(message: Message, clearance: Clearance) -> OutboxTask:
    """Writes the row in the caller's transaction; the same source gives the same row."""
    from channels.tasks import outbox_send

    task, _ = OutboxTask.objects.get_or_create(
        source=message.source,
        defaults={
            "kind": "mass_send",
            "sender": message.sender,
            "text": message.text,
            "recipients": list(message.recipients),
            "purpose": message.purpose,
            "cleared_by": clearance.cleared_by,
            "clearance_rules": clearance.rules,
            "clearance_valid_until": clearance.valid_until,
            "clearance_hash": seal(message),
        },
    )
    ring(outbox_send)
    return task


@transaction.atomic
def cancel(sources: list[str]) -> None:
    """Withdraws what has not gone out; for everything else the wish is kept until WeCom heeds it."""
    now = timezone.now()
    rows = OutboxTask.objects.filter(source__in=sources, cancel_requested_at=None)
    open_rows = rows.exclude(state__in=[State.FAILED, State.CANCELLED])
    tasks = list(open_rows.select_for_update().order_by("pk"))
    open_rows.filter(pk__in=[task.pk for task in tasks]).update(cancel_requested_at=now)
    for task in tasks:
        if task.state == State.QUEUED:
            settle(task, State.CANCELLED, sources=(State.QUEUED,))


def cancel_due() -> list[str]:
    """Asks WeCom to stop each task whose cancellation is still open; returns its refusals."""
    due = OutboxTask.objects.filter(
        state=State.ACCEPTED, cancel_requested_at__isnull=False, cancelled_at=None
    )
    return [error for task in due.order_by("pk")[:200] if (error := _cancel_at_wecom(task))]


def _cancel_at_wecom(task: OutboxTask) -> str:
    try:
        wecom_of(task.sender).mass_send_cancel(task.msgid)
    except ProviderError as error:
        if error.errcode not in _STOPPED_ALREADY:
            return error.message
    with transaction.atomic():
        changed = OutboxTask.objects.filter(pk=task.pk, cancelled_at=None).update(
            cancelled_at=timezone.now()
        )
        if changed:
            signals.outbox_cancelled.send(OutboxTask, task=task)
    return ""


def wake(sources: list[str]) -> None:
    """Tries postponed tasks again at once, e.g. when their campaign is resumed."""
    OutboxTask.objects.filter(source__in=sources, state=State.QUEUED).update(
        next_attempt_at=timezone.now()
    )


def remind(source: str) -> str:
    """Reminds employees who have not confirmed; returns an error sentence or ""."""
    task = OutboxTask.objects.get(source=source)
    try:
        wecom_of(task.sender).mass_send_remind(task.msgid)
    except ProviderError as error:
        return error.message
    return ""
