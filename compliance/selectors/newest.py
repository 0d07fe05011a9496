"""The newest index entries that hold all pairs of some words, quickly for common and for rare ones.

PostgreSQL takes neighbouring pairs to be independent, so for a common phrase it expects a few rows,
collects a hundred thousand by the inverted index and sorts them. Going back in time finds the newest
thousand of those at once, but would read the whole archive for a rare phrase. So the latest entries
are looked through first, and what they hold tells which way is the short one.
"""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import QuerySet

from compliance.models import MessageIndex

_ORDER = ("-sent_at", "-message_id")
# Entries looked through first: a few milliseconds.
_SAMPLE = 3000
# Going back further than this costs more than the inverted index does for words so rare.
_FARTHEST = 150_000
# What is said this week need not be as common last month.
_MARGIN = 1.5


def newest(
    rows: QuerySet[MessageIndex], tokens: list[int], most: int, *, period: QuerySet[MessageIndex]
) -> list[int]:
    """Keys of the newest `most` of `rows` that hold all tokens, newest first. `period`: all entries
    of the time asked for, whoever's they are."""
    wanted = rows.filter(tokens__contains=tokens).order_by(*_ORDER)
    found = _back(wanted, period, _SAMPLE, most)
    reach = _SAMPLE * most * _MARGIN / max(1, len(found))
    if len(found) < most and reach <= _FARTHEST:
        found = _back(wanted, period, int(reach), most)
    if len(found) == most:
        return found
    with _without("indexscan", "indexonlyscan"):
        return _keys(wanted, most)


def _back(
    wanted: QuerySet[MessageIndex], period: QuerySet[MessageIndex], reach: int, most: int
) -> list[int]:
    """The first `most` of those that are among the newest `reach` entries of the period."""
    since = _time_of(period, reach)
    if since is None:
        return []
    with _without("bitmapscan", "seqscan"):
        return _keys(wanted.filter(sent_at__gte=since), most)


def _keys(rows: QuerySet[MessageIndex], most: int) -> list[int]:
    return list(rows.values_list("pk", flat=True)[:most])


def _time_of(period: QuerySet[MessageIndex], place: int) -> datetime.datetime | None:
    """Of the entry at that place from the newest; None where there are fewer."""
    times = period.order_by(*_ORDER).values_list("sent_at", flat=True)
    return next(iter(times[place : place + 1]), None)


@contextmanager
def _without(*scans: str) -> Iterator[None]:
    """Leaves PostgreSQL one way: bitmaps, which alone can use the inverted index, or to go back in
    time along an ordinary one. Its own choice rests on a number of rows that may be off by 10,000."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("; ".join(f"SET LOCAL enable_{scan} = off" for scan in scans))
        yield
        cursor.execute("; ".join(f"SET LOCAL enable_{scan} TO DEFAULT" for scan in scans))
