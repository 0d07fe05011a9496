"""Finds whom managers should contact, and why: run once a day, repeatable at any time.

A cause makes one task (Task.source); finding it again only brings the open task's words up to date.
"""

import datetime
from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from contacts.duties import REASONS
from contacts.models import Task
from scrm.core.actors import Actor

_BATCH = 1000


@transaction.atomic
def duties_find(*, on: datetime.date | None = None, actor: Actor) -> int:
    """Makes the tasks of that day for the whole bank; returns how many are new.

    A task carries its own cause, so it makes no audit row; `actor` is the scheduler or a person.
    """
    day = on or timezone.localdate()
    return sum(_store(batch) for find in REASONS for batch in _batches(find(day)))


def _batches(rows: Iterable[Task]) -> Iterator[list[Task]]:
    stream = iter(rows)
    while batch := list(islice(stream, _BATCH)):
        yield batch


def _store(batch: list[Task]) -> int:
    sources = [task.source for task in batch]
    known = set(Task.objects.filter(source__in=sources).values_list("source", flat=True))
    fresh = [task for task in batch if task.source not in known]
    Task.objects.bulk_create(fresh, ignore_conflicts=True)
    _refresh([task for task in batch if task.source in known])
    return len(fresh)


def _refresh(batch: list[Task]) -> None:
    """What was "3 天后" yesterday is "后天" today; closed tasks keep the words they closed with."""
    words = {task.source: task for task in batch}
    rows = list(Task.objects.filter(Q(source__in=words), state=Task.State.OPEN))
    for row in rows:
        row.reason, row.priority = words[row.source].reason, words[row.source].priority
    Task.objects.bulk_update(rows, ["reason", "priority"], batch_size=_BATCH)
