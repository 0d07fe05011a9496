"""What came through a code, counted from the friendships themselves."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from contacts.models import Follow, GroupMember

Counts = dict[tuple[str, int], int]


def midnight(at: datetime.datetime) -> datetime.datetime:
    """Start of the bank's day."""
    return timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)


def added_today(states: Iterable[str], at: datetime.datetime) -> Counts:
    """(channel_state, user id) → customers added since midnight, kept or lost, in one query."""
    rows = Follow.objects.filter(channel_state__in=list(states), added_at__gte=midnight(at))
    found = rows.values_list("channel_state", "user_id").annotate(n=Count("id"))
    return {(state, user_id): count for state, user_id, count in found}


@dataclass(frozen=True, slots=True)
class Tally:
    today: int = 0
    total: int = 0
    kept: int = 0

    @property
    def lost(self) -> int:
        return self.total - self.kept


_KEPT = Count("id", filter=Q(state=Follow.State.ACTIVE))


def _today(at: datetime.datetime) -> Count:
    return Count("id", filter=Q(added_at__gte=midnight(at)))


def tallies(states: Iterable[str], at: datetime.datetime) -> dict[str, Tally]:
    """Tallies by channel_state in one query; codes that nobody scanned are missing."""
    rows = Follow.objects.filter(channel_state__in=list(states)).values_list("channel_state")
    found = rows.annotate(today=_today(at), total=Count("id"), kept=_KEPT)
    return {state: Tally(today, total, kept) for state, today, total, kept in found}


def by_member(state: str, at: datetime.datetime) -> dict[int, Tally]:
    rows = Follow.objects.filter(channel_state=state).values_list("user_id")
    found = rows.annotate(today=_today(at), total=Count("id"), kept=_KEPT)
    return {user_id: Tally(today, total, kept) for user_id, today, total, kept in found}


def by_day(
    state: str, at: datetime.datetime, days: int = 30
) -> list[tuple[datetime.date, int, int]]:
    """(day, added, of these still kept) for each of the last days, empty ones included."""
    today = timezone.localdate(at)
    first = today - datetime.timedelta(days=days - 1)
    since = midnight(at) - datetime.timedelta(days=days - 1)
    rows = Follow.objects.filter(channel_state=state, added_at__gte=since)
    groups = rows.annotate(day=TruncDate("added_at")).values_list("day")
    found = {day: (total, kept) for day, total, kept in groups.annotate(t=Count("id"), k=_KEPT)}
    every = (first + datetime.timedelta(days=n) for n in range(days))
    return [(day, *found.get(day, (0, 0))) for day in every]


def group_tallies(states: Iterable[str], at: datetime.datetime) -> dict[str, Tally]:
    """Customers who entered groups through these codes; who left and came back counts twice."""
    stays = GroupMember.objects.filter(channel_state__in=list(states), kind="external")
    found = stays.values_list("channel_state").annotate(
        today=Count("id", filter=Q(joined_at__gte=midnight(at))),
        total=Count("id"),
        kept=Count("id", filter=Q(left_at=None)),
    )
    return {state: Tally(today, total, kept) for state, today, total, kept in found}
