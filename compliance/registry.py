"""What can be reviewed. Upper apps register their kinds in AppConfig.ready."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scrm.core.actors import Actor


@dataclass(frozen=True, slots=True)
class Frozen:
    """The state of an object that an approval would cover, and the one hash over it."""

    digest: str
    view: dict[str, Any]
    # Text that the lexicon scans before a person looks.
    text: str


@dataclass(frozen=True, slots=True)
class Terms:
    """Within which bounds an approved content may be used; all of it lies under the digest."""

    valid_from: datetime.date
    valid_until: datetime.date
    channels: tuple[str, ...]
    # Tiers of customers it is meant for; empty: all.
    tiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reviewable:
    label: str
    # Object by id; current frozen state of an object.
    load: Callable[[int], Any]
    freeze: Callable[[Any], Frozen]
    # Called in the deciding transaction with the object, the outcome and the actor.
    on_decision: Callable[[Any, str, Actor], None]
    template: str
    # Only contents have terms of use; a campaign has none of its own.
    terms: Callable[[Any], Terms] | None = None


_kinds: dict[str, Reviewable] = {}


def register(kind: str, reviewable: Reviewable) -> None:
    _kinds[kind] = reviewable


def reviewable(kind: str) -> Reviewable:
    return _kinds[kind]


def labels() -> dict[str, str]:
    return {kind: entry.label for kind, entry in _kinds.items()}
