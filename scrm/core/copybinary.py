"""Rows as COPY takes them in its binary form, worked out column by column.

For tables of numbers and bytes: neither side writes or reads digits. Text gains nothing by it, so
copytext.py takes every table with a column that is not known here.
"""

import datetime
import struct
from collections.abc import Callable, Sequence
from functools import cache
from itertools import chain
from typing import Any

import numpy as np
from django.contrib.postgres.fields import ArrayField
from django.db import models

_HEAD, _END = b"PGCOPY\n\xff\r\n\x00" + bytes(8), b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
_INT4 = 23  # its number in pg_type
_length = struct.Struct(">i").pack
_long, _integer = struct.Struct(">iq").pack, struct.Struct(">ii").pack
_array, _no_array = struct.Struct(">6i").pack, struct.Struct(">4i").pack
# The values of a column, at least one and none of them None, each with its length before it.
Encoder = Callable[[Sequence[Any]], Sequence[bytes]]
# (column, attname, encoder)
Column = tuple[str, str, Encoder]


@cache
def columns(model: type[models.Model]) -> list[Column]:
    """Of each field, the primary key first; none where a column has no binary form here."""
    fields = sorted(model._meta.concrete_fields, key=lambda field: not field.primary_key)
    found = [(str(field.column), field.attname, _encoder(field)) for field in fields]
    known = [(column, name, encode) for column, name, encode in found if encode]
    return known if len(known) == len(fields) else []


def data(values: Sequence[Sequence[Any]], wanted: Sequence[Column]) -> bytes:
    """The whole stream of some rows, given column by column."""
    cells = [_cells(column, encode) for column, (_, _, encode) in zip(values, wanted, strict=True)]
    counts = [struct.pack(">h", len(wanted))] * len(values[0])
    return b"".join([_HEAD, *chain.from_iterable(zip(counts, *cells, strict=True)), _END])


def _cells(values: Sequence[Any], encode: Encoder) -> Sequence[bytes]:
    known = [value for value in values if value is not None]
    if not known:
        return [_NULL] * len(values)
    if len(known) == len(values):
        return encode(values)
    given = iter(encode(known))
    return [_NULL if value is None else next(given) for value in values]


def _encoder(field: Any) -> Encoder | None:
    if isinstance(field, models.ForeignKey):
        return _encoder(field.target_field)
    if isinstance(field, ArrayField):
        return _arrays if type(field.base_field) is models.IntegerField else None
    return _ENCODERS.get(type(field))


def _longs(values: Sequence[int]) -> Sequence[bytes]:
    return [_long(8, value) for value in values]


def _integers(values: Sequence[int]) -> Sequence[bytes]:
    return [_integer(4, value) for value in values]


def _booleans(values: Sequence[bool]) -> Sequence[bytes]:
    return [b"\0\0\0\1\1" if value else b"\0\0\0\1\0" for value in values]


def _texts(values: Sequence[str]) -> Sequence[bytes]:
    if values.count(values[0]) == len(values):
        return _bytes([values[0].encode()]) * len(values)
    return _bytes([value.encode() for value in values])


def _bytes(values: Sequence[bytes]) -> list[bytes]:
    return [_length(len(value)) + value for value in values]


def _moments(values: Sequence[datetime.datetime]) -> Sequence[bytes]:
    """Microseconds since 2000. The rows of a batch often have one time in common."""
    if values.count(values[0]) == len(values):
        return [_long(8, _micros(values[0]))] * len(values)
    return [_long(8, _micros(value)) for value in values]


def _micros(moment: datetime.datetime) -> int:
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _arrays(values: Sequence[Sequence[int]]) -> Sequence[bytes]:
    """Of integers: each with its length before it, as the columns are."""
    sizes = [len(value) for value in values]
    items = np.full((sum(sizes), 2), 4, ">i4")
    items[:, 1] = np.concatenate(values)
    flat, at, cells = items.tobytes(), 0, []
    for size in sizes:
        part = flat[at : at + 8 * size]
        at += 8 * size
        head = _array(20 + len(part), 1, 0, _INT4, size, 1) if size else _no_array(12, 0, 0, _INT4)
        cells.append(head + part)
    return cells


_ENCODERS: dict[type, Encoder] = {
    models.BigAutoField: _longs,
    models.BigIntegerField: _longs,
    models.IntegerField: _integers,
    models.BooleanField: _booleans,
    models.CharField: _texts,
    models.TextField: _texts,
    models.BinaryField: _bytes,
    models.DateTimeField: _moments,
}
