"""Rows as COPY takes them, worked out column by column: several times cheaper than row by row."""

import datetime
import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from scrm.core.fields import RowEncryptedTextField
from scrm.core.times import moment

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\\N"
# Fields whose values are the text of their column.
_PLAIN = {models.CharField, models.TextField}
_JSON = json.JSONEncoder(ensure_ascii=False)
Encoder = Callable[[Sequence[Any]], Sequence[str]]
# (column, attname, texts of its values)
Column = tuple[str, str, Encoder]


@cache
def columns(model: type[models.Model]) -> list[Column]:
    """Of each field; the primary key stands first."""
    fields = sorted(model._meta.concrete_fields, key=lambda field: not field.primary_key)
    return [(str(field.column), field.attname, _encoder(field)) for field in fields]


def text(values: Sequence[Sequence[Any]], wanted: Iterable[Column]) -> str:
    """The lines of some rows, given column by column."""
    cells = [_cells(column, encode) for column, (_, _, encode) in zip(values, wanted, strict=True)]
    return "\n".join([*map("\t".join, zip(*cells, strict=True)), ""])


def _cells(values: Sequence[Any], encode: Encoder) -> Sequence[str]:
    if None not in values:
        return encode(values)
    given = iter(encode([value for value in values if value is not None]))
    return [_NULL if value is None else next(given) for value in values]


def _alike(encode: Callable[[Any], str]) -> Encoder:
    """For values that are often the same in all rows, and the same text where they are equal."""

    def texts(values: Sequence[Any]) -> Sequence[str]:
        if values and values.count(values[0]) == len(values):
            return [encode(values[0])] * len(values)
        return [encode(value) for value in values]

    return texts


def _each(encode: Callable[[Any], str]) -> Encoder:
    return lambda values: [encode(value) for value in values]


def _iso(day: datetime.date) -> str:
    return day.isoformat()


@cache
def _encoder(field: Any) -> Encoder:
    if type(field) in _PLAIN or isinstance(field, RowEncryptedTextField):
        return _escaped
    if isinstance(field, ArrayField):
        return _each(lambda value: "{" + ",".join(map(str, value)) + "}")
    if isinstance(field, models.JSONField):
        return _json
    if isinstance(field, models.DateField):  # and the times that inherit from it
        return _each(moment) if isinstance(field, models.DateTimeField) else _each(_iso)
    if isinstance(field, models.BinaryField):
        return _alike(lambda value: f"\\\\x{value.hex()}")
    if isinstance(field, models.CharField | models.TextField):
        return lambda values: _escaped([str(field.get_prep_value(value)) for value in values])
    if isinstance(field, models.BooleanField):
        return _each(lambda value: "t" if value else "f")
    if isinstance(field, models.ForeignKey | models.IntegerField):
        return lambda values: list(map(str, values))
    raise TypeError(f"COPY of {type(field).__name__} is not known here")


def _json(values: Sequence[Any]) -> Sequence[str]:
    """Each object once. Not by equality: 1, 1.0 and true are equal and written differently."""
    known: dict[int, str] = {}
    for value in values:
        if id(value) not in known:
            known[id(value)] = "[]" if value == [] else "{}" if value == {} else _JSON.encode(value)
    return _escaped([known[id(value)] for value in values])


def _escaped(values: Sequence[str]) -> Sequence[str]:
    # Looking at all at once is much cheaper than at each, and hardly any text holds one of them.
    joined = "".join(values)
    if "\\" in joined or "\n" in joined or "\t" in joined or "\r" in joined:
        return [value.translate(_ESCAPES) for value in values]
    return values
