"""Asks WeCom again for the numbers that were missing between two records.

Its numbering has holes by nature, but a record may also become visible late. A hole that stays empty
through the first looks is settled and rings nobody; a last look much later takes in what came very
late. A hole that could not be looked at so often soon enough is an alarm.
"""

import datetime
from bisect import bisect_left, bisect_right
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from channels.providers.wecom.archive import ArchiveSdk
from compliance.archive import locks, pull
from compliance.models import ArchiveEnvelope, ArchiveGap

# Seconds after it was seen at which a hole is looked at; then it is closed.
_LOOKS = (5, 15, 25, 600)
# Looks after which an empty hole is settled: all but the last.
_SETTLED = len(_LOOKS) - 1
# The alarm must sound within a minute of the pull, and the conditions are read every 15 seconds.
_PATIENCE = datetime.timedelta(seconds=44)
_AT_ONCE = 1000
# Of the 600 calls a minute that WeCom grants most are the pull's.
_CALLS = 25
State = ArchiveGap.State


def unsettled() -> QuerySet[ArchiveGap]:
    """Holes that should have been looked at often enough by now and were not."""
    late = timezone.now() - _PATIENCE
    return ArchiveGap.objects.filter(state=State.OPEN, checks__lt=_SETTLED, seen_at__lt=late)


def check(sdk: ArchiveSdk) -> int:
    """Looks at the holes whose time has come, lowest first; returns how many were filled."""
    with locks.only_one(locks.GAPS) as mine:
        return _check_all(sdk) if mine else 0


def _check_all(sdk: ArchiveSdk) -> int:
    filled, reach = 0, 0
    for _ in range(_CALLS):
        oldest = _due().filter(before__gt=reach).order_by("after").first()
        if oldest is None:
            break
        answer = sdk.get_chat_data(oldest.after, _AT_ONCE)
        reach = max([oldest.before, *(int(row["seq"]) for row in answer)])
        filled += _look(oldest, reach, answer)
    return filled


def _look(oldest: ArchiveGap, reach: int, answer: list[dict[str, Any]]) -> int:
    """Takes in what the answer has of the due holes from `oldest` up to `reach`."""
    asked = list(_due().filter(after__gte=oldest.after, before__lte=reach).order_by("after"))
    stored = _stored(oldest, reach)
    known = set(stored)
    missing = [row for row in answer if int(row["seq"]) not in known]
    within = [row for row in missing if _around(asked, int(row["seq"]))]
    if within:
        pull.store(oldest.corp_id, within)
        stored = _stored(oldest, reach)
    return _note(asked, stored)


def _due() -> QuerySet[ArchiveGap]:
    now = timezone.now()
    times = [
        Q(checks=looks, seen_at__lte=now - datetime.timedelta(seconds=seconds))
        for looks, seconds in enumerate(_LOOKS)
    ]
    corp = settings.WECOM_CORP_ID
    return ArchiveGap.objects.filter(reduce(or_, times), corp_id=corp, state=State.OPEN)


def _stored(oldest: ArchiveGap, reach: int) -> list[int]:
    rows = ArchiveEnvelope.objects.filter(
        corp_id=oldest.corp_id, seq__gt=oldest.after, seq__lt=reach
    )
    return list(rows.order_by("seq").values_list("seq", flat=True))


def _around(asked: list[ArchiveGap], seq: int) -> bool:
    at = bisect_left(asked, seq, key=lambda gap: gap.before)
    return at < len(asked) and asked[at].after < seq < asked[at].before


def _note(asked: list[ArchiveGap], stored: list[int]) -> int:
    """Counts the look; returns how many holes are filled, wholly or as far as they ever will be."""
    outcome: dict[str, list[int]] = {}
    for gap in asked:
        found = bisect_left(stored, gap.before) - bisect_right(stored, gap.after)
        outcome.setdefault(_state(gap, found), []).append(gap.pk)
    for state, keys in outcome.items():
        ArchiveGap.objects.filter(pk__in=keys).update(state=state, checks=F("checks") + 1)
    return len(outcome.get(State.FILLED, []))


def _state(gap: ArchiveGap, found: int) -> str:
    if found == gap.before - gap.after - 1:
        return State.FILLED
    if gap.checks + 1 < len(_LOOKS):
        return State.OPEN
    return State.FILLED if found else State.EMPTY
