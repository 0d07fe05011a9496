"""Shapes shared by all attributes: the moment, comparisons, an attribute's two sides."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone

from contacts.segments.facts import Facts
from scrm.core.conditions import Attribute

Leaf = dict[str, Any]
NOBODY = Q(pk__in=[])


@dataclass(frozen=True, slots=True)
class Moment:
    """When a rule is evaluated. Windows end here, days are the bank's calendar days."""

    now: datetime.datetime

    @classmethod
    def current(cls) -> "Moment":
        return cls(timezone.now())

    @property
    def today(self) -> datetime.date:
        return timezone.localdate(self.now)

    def ago(self, days: int) -> datetime.datetime:
        return self.now - datetime.timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An attribute with its condition in SQL and for one customer's facts.

    Both are two-valued: a customer of whom the thing is not known does not satisfy the condition,
    but does satisfy its "not".
    """

    attribute: Attribute
    q: Callable[[Leaf, Moment], Q]
    holds: Callable[[Leaf, Facts, Moment], bool]


def compare(op: str, actual: Any, wanted: Any) -> bool:
    if op == "between":
        return bool(wanted[0] <= actual <= wanted[1])
    return bool(
        {
            ">=": actual >= wanted,
            "<=": actual <= wanted,
            ">": actual > wanted,
            "<": actual < wanted,
            "=": actual == wanted,
        }[op]
    )


def exact(value: Any) -> Any:
    """JSON numbers as the database's numerics: 0.1 means 0.1 on both sides."""
    if isinstance(value, list):
        return [exact(item) for item in value]
    return Decimal(str(value))


_LOOKUPS = {">=": "gte", "<=": "lte", ">": "gt", "<": "lt", "=": "exact", "between": "range"}


def column_q(column: str, op: str, value: Any) -> Q:
    return Q(**{f"{column}__{_LOOKUPS[op]}": value})


def threshold_q(op: str, value: Any, at_least: Callable[[int], Q], known: Q) -> Q:
    """A whole-number comparison where only "at least n" can be asked of the database.

    `known` restricts to customers who have the number at all.
    """
    if op == "between":
        return known & at_least(value[0]) & ~at_least(value[1] + 1)
    if op == "=":
        return known & at_least(value) & ~at_least(value + 1)
    if op in {">=", ">"}:
        return known & at_least(value + (op == ">"))
    return known & ~at_least(value + (op == "<="))
