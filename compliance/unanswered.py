"""Customers who wait for an answer become tasks of their RM, and stop being so when answered."""

import datetime

from django.db import transaction
from django.utils import timezone

from compliance.models import ArchivedMessage
from contacts.models import Task
from scrm.core.limits import number

_DAYS = 3
_PREFIX = "unanswered:"


def find() -> int:
    """Opens a task for each conversation whose last word is the customer's; returns how many."""
    now = timezone.now()
    last = _last_words(now - datetime.timedelta(days=_DAYS))
    _close([row.conversation for row in last if row.from_staff])
    limit = now - datetime.timedelta(minutes=number("UNANSWERED_MINUTES"))
    waiting = [row for row in last if not row.from_staff and row.sent_at <= limit]
    tasks = [_task(row) for row in waiting if row.user_id and row.customer_id]
    return len(Task.objects.bulk_create(tasks, ignore_conflicts=True))


def _last_words(since: datetime.datetime) -> list[ArchivedMessage]:
    rows = ArchivedMessage.objects.filter(sent_at__gte=since, room_id="", action="send")
    return list(
        rows.select_related("user").order_by("conversation", "-sent_at").distinct("conversation")
    )


def _task(row: ArchivedMessage) -> Task:
    today = timezone.localdate()
    at = timezone.localtime(row.sent_at)
    return Task(
        owner=row.user,
        customer_id=row.customer_id,
        kind=Task.Kind.UNANSWERED,
        reason=f"客户 {at:%m-%d %H:%M} 发来消息，还没有回复",
        action="去回复",
        priority=95,
        due_on=today,
        shown_from=today,
        source=f"{_PREFIX}{row.pk}",
        note=row.conversation,
    )


@transaction.atomic
def _close(conversations: list[str]) -> None:
    """The RM answered in WeCom: the task is done without a click here."""
    Task.objects.filter(
        kind=Task.Kind.UNANSWERED, state=Task.State.OPEN, note__in=conversations
    ).update(state=Task.State.DONE, closed_at=timezone.now())
