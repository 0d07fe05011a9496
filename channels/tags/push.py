"""Carries our tags up to WeCom: claimed in batches, one call each, settled one by one."""

import datetime
import logging

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom.api import wecom
from channels.tags.definitions import push_group
from channels.tags.marks import push_marks
from contacts.models import TagPush

logger = logging.getLogger(__name__)
State = TagPush.State
_BATCH = 50
_MOST_ATTEMPTS = 8
_STUCK = datetime.timedelta(minutes=2)
_KEEP = datetime.timedelta(days=7)


def push_due() -> int:
    """Works off what waits; returns how many pushes were taken up."""
    _take_over_stuck()
    count = 0
    # Definitions first: a mark needs the id that WeCom gives its tag.
    for some in (Q(group__isnull=False), Q(follow__isnull=False)):
        while rows := _claimed(some):
            for row in rows:
                _send(row)
            count += len(rows)
    TagPush.objects.filter(state=State.DONE, settled_at__lt=timezone.now() - _KEEP).delete()
    return count


def _take_over_stuck() -> None:
    """The worker died in the middle: nobody knows whether its call had an effect."""
    stuck = TagPush.objects.filter(state=State.SENDING, sending_since__lt=timezone.now() - _STUCK)
    stuck.update(state=State.WAITING, uncertain=True)


@transaction.atomic
def _claimed(some: Q) -> list[TagPush]:
    now = timezone.now()
    waiting = TagPush.objects.filter(some, state=State.WAITING, next_attempt_at__lte=now)
    ids = waiting.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True)
    taken = list(ids[:_BATCH])
    TagPush.objects.filter(pk__in=taken).update(state=State.SENDING, sending_since=now)
    rows = TagPush.objects.filter(pk__in=taken).order_by("pk")
    return list(rows.select_related("group", "follow__user", "follow__contact__customer"))


def _send(row: TagPush) -> None:
    try:
        _call(row)
    except ProviderError as error:
        _failed(row, error)
    except Exception:
        logger.exception("tag push %s failed", row.pk)
        fault = ProviderError("程序出错，已记入日志。", ErrorClass.TRANSIENT, uncertain=True)
        _failed(row, fault)
    else:
        _settle(row)


def _call(row: TagPush) -> None:
    if row.group is not None:
        push_group(wecom(), row.group)
    elif row.follow is not None:
        push_marks(row.follow, uncertain=row.uncertain)


@transaction.atomic
def _settle(row: TagPush) -> None:
    """Done, or round once more when it was wanted again meanwhile."""
    current = TagPush.objects.select_for_update().get(pk=row.pk)
    again = current.wanted_at > row.wanted_at
    current.state = State.WAITING if again else State.DONE
    current.settled_at, current.error, current.uncertain = timezone.now(), "", False
    current.attempts, current.next_attempt_at = 0, timezone.now()
    current.save()


def _failed(row: TagPush, error: ProviderError) -> None:
    passing = error.kind in {ErrorClass.TRANSIENT, ErrorClass.RATE}
    attempts = row.attempts + (error.kind is ErrorClass.TRANSIENT)
    given_up = not passing or attempts >= _MOST_ATTEMPTS
    pause = datetime.timedelta(seconds=min(2 ** (attempts + 1), 600))
    TagPush.objects.filter(pk=row.pk).update(
        state=State.FAILED if given_up else State.WAITING,
        attempts=attempts,
        next_attempt_at=timezone.now() + pause,
        settled_at=timezone.now() if given_up else None,
        uncertain=row.uncertain or error.uncertain,
        error=error.message[:300],
    )


def on_tags_wanted(sender: object, **_: object) -> None:
    from channels.tasks import tags_push
    from scrm.core.bell import ring

    ring(tags_push)
