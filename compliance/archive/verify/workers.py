"""Parts checked by several processes on one snapshot of the database, this one among them.

Helpers are started by command line, not forked: verification also runs inside Celery workers and
threaded web servers, where a fork is not possible or not safe. Each takes the next part when it is
done with one, so that a slow start or a busy core keeps nobody waiting.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import IO, Any, TypeVar, cast

from django.conf import settings
from django.db import connection

from compliance.archive.log.purges import purges
from compliance.archive.verify import parts
from compliance.archive.verify.parts import Part
from scrm.core import collector

PROCESSES = max(2, os.cpu_count() or 2)
# Below this many leaves the start of a process costs more than it saves.
WORTHWHILE = 50_000
Job = tuple[int, int, list[int]]
T = TypeVar("T")
# Django must be ready before this package is imported. A process of one batch collects no garbage,
# from its start: a sixth of that start would be spent on it.
_START = (
    "import gc; gc.disable(); from scrm.core import bare; bare.setup();"
    " from compliance.archive.verify import workers; workers.main()"
)


class WorkerFailed(Exception):
    """A process ended without its result; nothing may be concluded."""


def check_all(jobs: Sequence[Job], beside: Callable[[], T]) -> tuple[list[Part], T]:
    """The parts in order, and what the checks `beside` them found: this process makes those while
    helpers start. Must run in the transaction whose snapshot counts."""
    leaves = sum(high - low for low, high, _ in jobs)
    if leaves < WORTHWHILE:
        return list(_check(jobs)), beside()
    waiting: SimpleQueue[Job] = SimpleQueue()
    for job in jobs:
        waiting.put(job)
    found, told = _together(waiting, beside)
    return sorted(found, key=lambda part: part.low), told


def _together(waiting: "SimpleQueue[Job]", beside: Callable[[], T]) -> tuple[list[Part], T]:
    order = {"database": connection.settings_dict["NAME"], "snapshot": _snapshot()}
    with ThreadPoolExecutor(PROCESSES - 1) as pool:
        helpers = [pool.submit(_helped, order, waiting) for _ in range(PROCESSES - 1)]
        try:
            with collector.resting():
                told = beside()
                found = list(_check(_taken(waiting)))
        finally:
            # Nothing is left unless this process failed, and then nobody need go on.
            list(_taken(waiting))
        return found + [part for helper in helpers for part in helper.result()], told


def _taken(waiting: "SimpleQueue[Job]") -> Iterator[Job]:
    with contextlib.suppress(Empty):
        while True:
            yield waiting.get_nowait()


def _check(jobs: Iterable[Job]) -> Iterator[Part]:
    known = purges()
    for low, high, ends in jobs:
        yield parts.check(low, high, ends, known)


def _snapshot() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        return str(cursor.fetchone()[0])


def _helped(order: dict[str, Any], waiting: "SimpleQueue[Job]") -> list[Part]:
    """What a helper process made of the jobs that it took."""
    with tempfile.TemporaryFile("w+") as errors, _helper(errors) as helper:
        asking, answers = cast("IO[str]", helper.stdin), cast("IO[str]", helper.stdout)
        found = list(_answers(asking, answers, order, waiting))
        # What could not be written to a dead helper is of no use any more.
        with contextlib.suppress(BrokenPipeError):
            asking.close()
        if helper.wait() or None in found:
            errors.seek(0)
            raise WorkerFailed(errors.read().strip()[-500:])
    return [part for part in found if part]


def _helper(errors: IO[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", _START],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        cwd=settings.BASE_DIR,
    )


def _answers(
    asking: IO[str], answers: IO[str], order: dict[str, Any], waiting: "SimpleQueue[Job]"
) -> Iterator[Part | None]:
    """One part a job; None when the helper died over it."""
    with contextlib.suppress(BrokenPipeError):
        _say(asking, order)
        for job in _taken(waiting):
            _say(asking, job)
            line = answers.readline()
            if not line.endswith("\n"):
                break
            yield parts.from_json(json.loads(line))
        else:
            return
    yield None


def _say(asking: IO[str], what: object) -> None:
    print(json.dumps(what), file=asking, flush=True)


def _serve(lines: Iterator[str]) -> None:
    order = json.loads(next(lines))
    connection.settings_dict["NAME"] = order["database"]
    with connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET TRANSACTION SNAPSHOT %s", [order["snapshot"]])
    for part in _check(json.loads(line) for line in lines):
        print(json.dumps(part.to_json()), flush=True)


def main() -> None:
    """What a helper runs: an order and then jobs on stdin, for each job one line of JSON back."""
    _serve(sys.stdin)
