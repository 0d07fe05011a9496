"""Database-wide locks, one per stage of the archive."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Any numbers that nothing else in this database uses.
PULL, DECODE, LOG, SCAN, ANCHOR = 7_310_001, 7_310_002, 7_310_003, 7_310_004, 7_310_005
INDEX, MEDIA, PURGE, WATCH = 7_310_011, 7_310_012, 7_310_013, 7_310_014
PURGE_TASK, AGREEMENTS, ALERTS, GAPS = 7_310_015, 7_310_016, 7_310_017, 7_310_018


@contextmanager
def only_one(key: int) -> Iterator[bool]:
    """True for the one process that holds the lock, across its transactions; others do not wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def until_commit(key: int) -> None:
    """Waits for the lock and holds it to the end of the surrounding transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
