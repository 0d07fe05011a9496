"""Parts checked by several processes on one snapshot of the database.

Processes are started by command line, not forked: verification also runs inside Celery workers and
threaded web servers, where a fork is not possible or not safe.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.db import connection

from compliance.archive.log.purges import purges
from compliance.archive.verify import parts
from compliance.archive.verify.parts import Part

PROCESSES = max(2, os.cpu_count() or 2)
# Below this many leaves the start of a process costs more than it saves.
WORTHWHILE = 50_000
Job = tuple[int, int, list[int]]
# Django must be ready before this package is imported.
_START = (
    "import django; django.setup(); from compliance.archive.verify import workers; workers.main()"
)


class WorkerFailed(Exception):
    """A process ended without its result; nothing may be concluded."""


def check_all(jobs: Sequence[Job]) -> list[Part]:
    """The parts in order. Must run in the transaction whose snapshot counts."""
    leaves = sum(high - low for low, high, _ in jobs)
    if leaves < WORTHWHILE:
        return _check(jobs)
    with ThreadPoolExecutor(PROCESSES) as pool:
        shares = [jobs[n::PROCESSES] for n in range(PROCESSES)]
        snapshot = _snapshot()
        found = [part for share in pool.map(lambda s: _run(s, snapshot), shares) for part in share]
    return sorted(found, key=lambda part: part.low)


def _check(jobs: Iterable[Job]) -> list[Part]:
    known = purges()
    return [parts.check(low, high, ends, known) for low, high, ends in jobs]


def _snapshot() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        return str(cursor.fetchone()[0])


def _run(jobs: Sequence[Job], snapshot: str) -> list[Part]:
    order = {"database": connection.settings_dict["NAME"], "snapshot": snapshot, "jobs": jobs}
    done = subprocess.run(
        [sys.executable, "-c", _START],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=False,
        cwd=settings.BASE_DIR,
    )
    if done.returncode:
        raise WorkerFailed(done.stderr.strip()[-500:])
    return [parts.from_json(json.loads(line)) for line in done.stdout.splitlines()]


def _serve(order: dict[str, Any]) -> None:
    connection.settings_dict["NAME"] = order["database"]
    with connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET TRANSACTION SNAPSHOT %s", [order["snapshot"]])
    known = purges()
    for low, high, ends in order["jobs"]:
        print(json.dumps(parts.check(low, high, ends, known).to_json()), flush=True)


def main() -> None:
    """What a worker process runs: an order on stdin, one line of JSON a part on stdout."""
    _serve(json.load(sys.stdin))
