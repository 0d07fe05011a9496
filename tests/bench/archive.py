"""Archive ingest end to end beside its physical bound, the bare RSA-2048 unwrap of one core.

Pull, unwrap, decrypt, parse, store, seal, scan and index of ordinary chat messages, on a durable
PostgreSQL. The bound is measured before and after the ingest, on as many messages' worth of real
random keys, so that a busy neighbour slows both. CPU seconds are those of this process and of
PostgreSQL together; the wall clock uses whatever cores there are. `stages_us` is where they go, in
microseconds of CPU a message: what Python does in each stage, the helpers that unwrap, PostgreSQL.
"""

import base64
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench._bank import bank

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "12000"))
CUSTOMERS = 200


def run() -> list[dict[str, Any]]:
    with bank() as folder:
        return [_measure(folder)]


def _measure(folder: Path) -> dict[str, Any]:
    from compliance.archive import rounds
    from tests.bench import _chats

    source = _chats.source(folder, MESSAGES, CUSTOMERS)
    rounds.archive_sdk = lambda: source
    before = _bare(source.rows)
    # A first round as any running worker has had: engine built, keys read, statements planned.
    rows, source.rows = source.rows, source.rows[:500]
    rounds.run()
    source.rows = rows
    with _stages() as stages:
        cpu, began = cpu_seconds(), time.perf_counter()
        rounds.run()
        _sort_in()
        took, used = time.perf_counter() - began, cpu_seconds() - cpu
    stored = _chats.check(len(rows)) - 500
    bare = statistics.mean([before, _bare(source.rows)])
    rate = stored / took
    return {
        "name": "archive_ingest",
        "value": round(rate),
        "unit": "messages/s, wall clock",
        "peer": {"name": "bare RSA-2048 unwraps/s of one core", "value": round(bare)},
        "ratio": round(rate / bare, 3),
        "per_core": round(stored / used),
        "ratio_per_core": round(stored / used / bare, 3),
        "stages_us": {name: round(1e6 * spent / stored) for name, spent in stages.items()},
        "backlog_minutes_for_1M": round(1_000_000 / rate / 60, 1),
        "messages": stored,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def _sort_in() -> None:
    """Index entries that wait to be sorted in are work of these messages too."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('index_tokens')")


@contextmanager
def _stages() -> Iterator[dict[str, float]]:
    """CPU seconds by stage, filled when it ends."""
    from compliance.archive import decode, index, pull, scan

    spent: dict[str, float] = defaultdict(float)
    places: dict[str, tuple[Any, str]] = {
        "store envelopes": (pull, "store"),
        "decrypt and parse": (decode, "_read_all"),
        "encrypt, seal, store": (decode, "_keep"),
        "scan": (scan, "judge_batch"),
        "store and seal decisions": (scan, "keep"),
        "index": (index, "index_stored"),
    }
    originals = {name: getattr(*place) for name, place in places.items()}
    for name, place in places.items():
        setattr(*place, _timed(name, originals[name], spent))
    before, children, whole = time.process_time(), _helper_seconds(), cpu_seconds()
    yield spent
    for name, place in places.items():
        setattr(*place, originals[name])
    own, helpers = time.process_time() - before, _helper_seconds() - children
    spent["other Python"] = own - sum(spent.values())
    spent["unwrap, in helpers"] = helpers
    spent["PostgreSQL"] = cpu_seconds() - whole - own - helpers


def _timed(name: str, work: Callable[..., Any], spent: dict[str, float]) -> Callable[..., Any]:
    def timed(*args: Any, **options: Any) -> Any:
        began = time.thread_time()
        try:
            return work(*args, **options)
        finally:
            spent[name] += time.thread_time() - began

    return timed


def _bare(rows: list[dict[str, Any]]) -> float:
    """Unwraps per second of CPU of one thread, nothing else."""
    from django.conf import settings

    from compliance.archive import keys

    sealed = [base64.b64decode(row["encrypt_random_key"]) for row in rows[:3000]]
    unwrap = keys.opener(settings.WECOM_ARCHIVE_KEYS_DIR, 1)
    began = time.thread_time()
    for item in sealed:
        unwrap(item)
    return len(sealed) / (time.thread_time() - began)


def cpu_seconds() -> float:
    """CPU seconds of this process, its helpers and the PostgreSQL it talks to."""
    import psutil
    from django.db import connection

    own = sum(os.times()[:2]) + _helper_seconds()
    connection.ensure_connection()
    backend = psutil.Process(connection.connection.info.backend_pid)
    postmaster = backend.parent()
    assert postmaster is not None
    running = sum(sum(process.cpu_times()[:2]) for process in postmaster.children())
    # Its own, and those of servers that have ended.
    return own + sum(postmaster.cpu_times()[:4]) + running


def _helper_seconds() -> float:
    """CPU seconds of the helpers that unwrap keys: those at work and those that have ended."""
    import psutil

    children = psutil.Process().children()
    helpers = [child for child in children if "compliance.archive.unwrap" in child.cmdline()]
    return sum(sum(child.cpu_times()[:2]) for child in helpers) + sum(os.times()[2:4])
