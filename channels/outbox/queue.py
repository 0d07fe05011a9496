"""Puts cleared messages into the outbox, and takes them back while that is possible."""

from django.db import transaction

from channels.models import OutboxTask
from channels.outbox.clearance import Clearance, Message, seal
from channels.providers.base import ProviderError
from channels.providers.wecom.api import wecom
from scrm.core.bell import ring

State = OutboxTask.State


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


def cancel(sources: list[str]) -> tuple[list[str], list[str]]:
    """Withdraws tasks: (sources withdrawn before WeCom knew, sources that WeCom must be asked for)."""
    with transaction.atomic():
        rows = OutboxTask.objects.select_for_update().filter(source__in=sources)
        queued = [task for task in rows if task.state == State.QUEUED]
        known = [task.source for task in rows if task.state == State.ACCEPTED]
        for task in queued:
            task.state = State.CANCELLED
        OutboxTask.objects.bulk_update(queued, ["state"])
    return [task.source for task in queued], known


def cancel_at_wecom(source: str) -> str:
    """Asks WeCom to stop what is not yet confirmed; returns an error sentence or ""."""
    task = OutboxTask.objects.get(source=source)
    try:
        wecom().mass_send_cancel(task.msgid)
    except ProviderError as error:
        return error.message
    return ""


def remind(source: str) -> str:
    """Reminds employees who have not confirmed; returns an error sentence or ""."""
    task = OutboxTask.objects.get(source=source)
    try:
        wecom().mass_send_remind(task.msgid)
    except ProviderError as error:
        return error.message
    return ""
