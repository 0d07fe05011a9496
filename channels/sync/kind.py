"""What a walk is made of. Each kind of data is one object with these five methods.

    plan()      what is to be read; may call WeCom, decides once for the whole walk
    first()     the position of the first page
    read()      one page; calls WeCom and touches no database: it runs in a thread of its own, ahead
    take()      writes some pages; runs in the transaction that also commits the position
    absent()    after the last page: what we have, WeCom should have, and the walk did not see

A kind never deletes by itself: `absent` asks WeCom once more about each row before it ends it.
"""

import datetime
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db.models import Q

from channels.models import SyncRun
from channels.providers.wecom.api import WeCom, wecom

Position = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """`work` must be JSON; `total` counts in the kind's unit, for the progress bar."""

    work: Any
    total: int


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Any]
    # None: this was the last page.
    following: Position | None
    # How far the progress bar stands after this page, in the kind's unit.
    done: int
    # When WeCom was asked. Events carry whole seconds: one of the same second must win.
    asked_at: datetime.datetime
    # What could not be read; nothing that belongs to it is ended by this walk.
    unread: list[str] = field(default_factory=list)


class Kind(Protocol):
    name: str
    unit: str
    # One Chinese sentence: what a first walk brings.
    hint: str
    # Label of each count, in the order that the page shows them.
    labels: dict[str, str]

    def plan(self, run: SyncRun) -> Plan: ...

    def first(self, work: Any) -> Position | None: ...

    def read(self, run: SyncRun, at: Position) -> Page: ...

    def take(self, run: SyncRun, pages: list[Page]) -> Counter[str]: ...

    def absent(self, run: SyncRun) -> Iterator[Counter[str]]:
        """Settles the rows that the walk missed, some at a time; counts of each step."""
        ...


def client(run: SyncRun) -> WeCom:
    """WeCom as the corporation of this walk."""
    return wecom(run.corp_id)


def of_corp(field: str, corp_id: str) -> Q:
    """Rows of one corporation, by the id that `field` holds (see channels.providers.wecom.people)."""
    if corp_id:
        return Q(**{f"{field}__startswith": f"{corp_id}:"})
    return ~Q(**{f"{field}__contains": ":"})


def since(run: SyncRun) -> datetime.datetime:
    """What was heard of since this moment was seen by the walk, or is newer than it."""
    return run.started_at.replace(microsecond=0)
