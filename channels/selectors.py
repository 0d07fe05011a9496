"""Reads for the connection page."""

from django.db.models import Count, QuerySet

from channels.models import InboxEvent, OutboxTask, SyncRun


def inbox_counts() -> dict[str, int]:
    rows = InboxEvent.objects.values_list("state").annotate(n=Count("id"))
    return dict.fromkeys(InboxEvent.State.values, 0) | dict(rows)


def outbox_counts() -> dict[str, int]:
    rows = OutboxTask.objects.values_list("state").annotate(n=Count("id"))
    return dict.fromkeys(OutboxTask.State.values, 0) | dict(rows)


def inbox_rows(state: str) -> QuerySet[InboxEvent]:
    rows = InboxEvent.objects.order_by("-id")
    return rows.filter(state=state) if state else rows


def latest_sync() -> SyncRun | None:
    return SyncRun.objects.first()
