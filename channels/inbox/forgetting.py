"""Handled callbacks are forgotten after INBOX_KEEP_DAYS; what nobody has handled stays.

A forgotten event cannot come again: WeCom pushes three times within seconds, and the door refuses
whatever was signed longer ago than INBOX_MAX_AGE_SECONDS. Keeping for a shorter time than that
would let a recorded push in twice, and is an error of configuration (channels.checks).
"""

import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from channels.models import InboxEvent

_BATCH = 1000
# Of one run: the next one goes on, and vacuum gets its turn in between.
_MOST = 200_000


def forget_old() -> int:
    """Deletes handled events past their time, some at a time; returns how many. 0 days: never."""
    if not settings.INBOX_KEEP_DAYS:
        return 0
    before = timezone.now() - datetime.timedelta(days=settings.INBOX_KEEP_DAYS)
    count = 0
    while count < _MOST and (gone := _forget_some(before)):
        count += gone
    return count


@transaction.atomic
def _forget_some(before: datetime.datetime) -> int:
    """A replayed event is young again: its time counts from when it was handled last."""
    old = InboxEvent.objects.filter(
        state=InboxEvent.State.DONE, received_at__lt=before, handled_at__lt=before
    )
    rows = old.select_for_update(skip_locked=True).values_list("pk", flat=True)
    ids = list(rows[:_BATCH])
    InboxEvent.objects.filter(pk__in=ids).delete()
    return len(ids)


def problem() -> str:
    """What is wrong with the settings, in English; "" when nothing is."""
    days, age = settings.INBOX_KEEP_DAYS, settings.INBOX_MAX_AGE_SECONDS
    if days and days * 86_400 <= 2 * age:
        return "INBOX_KEEP_DAYS must be well longer than INBOX_MAX_AGE_SECONDS, or 0 for ever."
    return ""
