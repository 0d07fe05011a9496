"""Rows of the log and of what it speaks of as plain tuples: this is done for millions of rows, and
an ORM object costs more than all the hashing.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection

# (index, kind, ref, salt, both hashes, time, facts); salt and hashes in hex, as the driver takes
# bytes apart several times slower than text.
_LEAVES = """
SELECT index, kind, ref, encode(salt, 'hex'), encode(sha256 || sm3, 'hex'), created_at::text, facts
FROM compliance_logleaf WHERE {} ORDER BY index
"""
# A range of keys is read in one go unless it is mostly holes.
_SPARSE = 4
Row = tuple[Any, ...]


def leaf_rows(low: int, high: int) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(_LEAVES.format("index >= %s AND index < %s"), [low, high])
        return cursor.fetchall()


def leaf_rows_at(indexes: Sequence[int]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(_LEAVES.format("index = ANY(%s)"), [list(indexes)])
        return cursor.fetchall()


def by_key(select: str, keys: Sequence[int]) -> dict[int, Row]:
    """Rows of `select`, which ends in WHERE and gives the key "id" first."""
    if not keys:
        return {}
    low, high = min(keys), max(keys)
    dense = high - low < _SPARSE * len(keys) + 1000
    where, values = (
        ("id BETWEEN %s AND %s", [low, high]) if dense else ("id = ANY(%s)", [list(keys)])
    )
    with connection.cursor() as cursor:
        cursor.execute(select + where, values)
        return {row[0]: row for row in cursor.fetchall()}


# What a time as text lacks to the microsecond, by its length; it ends in +00.
_ZEROS = {22: ".000000"} | {23 + digits: "0" * (6 - digits) for digits in range(1, 7)}


def moment(text: str) -> str:
    """PostgreSQL's 2026-01-02 03:04:05.67+00 as canonical.moment writes it; anything else, such as
    infinity, stays what no leaf can have hashed. Connections speak UTC; as text a time is several
    times cheaper than by to_char or as a datetime object."""
    zeros = _ZEROS.get(len(text))
    if zeros is None or text[-3:] != "+00":
        return text
    return f"{text[:10]}T{text[11:-3]}{zeros}Z"


# For the times that all rows of a batch share.
shared_moment = lru_cache(maxsize=1024)(moment)
