"""The retroactive rescan of a stored archive by several processes, beside the bare engine.

BENCH_MESSAGES messages (100,000 unless told) are stored as ingest leaves them: body and text
encrypted, indexed, in the log. A version with one more word is put in force and BENCH_PROCESSES
processes (one a core unless told) walk over all of them; every message gets a second decision
beside its first, with a leaf of its own. The figure for a million is that rate carried forward.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from tests.bench._bank import bank

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "100000"))
PROCESSES = int(os.environ.get("BENCH_PROCESSES", "0")) or os.cpu_count() or 1
_WORD = "火星理财计划"
_BARE = 3000
_WALK = """
import sys, django
django.setup()
from compliance import lexicon_runs
from compliance.lexicons import active_engine
active_engine()
print("ready", flush=True)
sys.stdin.readline()
while lexicon_runs.work(int(sys.argv[1]), seconds=3600):
    pass
"""


def run() -> Iterator[dict[str, Any]]:
    with bank():
        yield _measure()


def _measure() -> dict[str, Any]:
    from django.db import connection

    from compliance.models import LexiconRun, MessageScan

    walk = _prepared()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    bare, cpu = _bare_rate(), _cpu_seconds()
    took, starting = _walked(walk.pk)
    cpu = _cpu_seconds() - cpu - starting
    walk.refresh_from_db()
    assert (walk.state, walk.done, walk.unread) == (LexiconRun.State.DONE, MESSAGES, 0)
    assert MessageScan.objects.count() == 2 * MESSAGES, "old and new decisions are both kept"
    rate = MESSAGES / took
    return {
        "name": "rescan",
        "value": round(rate),
        "unit": "messages/s, wall clock",
        "seconds_for_1M_at_this_rate": round(1_000_000 / rate),
        # Of all processes and PostgreSQL: what two cores that are free would need for a million.
        "cpu_us_per_message": round(1_000_000 * cpu / MESSAGES),
        "seconds_for_1M_on_two_free_cores": round(1_000_000 * cpu / MESSAGES / 2),
        "peer": {"name": "the bare engine on the same texts, one core, msgs/s", "value": bare},
        "ratio": round(rate / bare, 3),
        "messages": MESSAGES,
        "newly_found": walk.newly,
        "processes": PROCESSES,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def _prepared() -> Any:
    """A filled archive that was scanned once, and the walk of the version put in force after."""
    from django.conf import settings

    from compliance import lexicon_runs
    from compliance.archive import scan
    from compliance.lexicons import (
        forget,
        lexicon_activate,
        lexicon_import_csv,
        lexicon_install_starter,
    )
    from compliance.models import ArchivedMessage
    from tests.bench import _archive

    settings.LEXICON_RUN_PROCESSES = PROCESSES
    people = _archive.fill(MESSAGES, scanned=False)
    lexicon_install_starter()
    scan.scan(scan.newest_unscanned())
    assert ArchivedMessage.objects.count() == MESSAGES
    text = f"{_WORD},off_book_sale,4\n"
    draft = lexicon_import_csv(text=text, note="bench", actor=people.officer)
    version = lexicon_activate(version=draft, actor=people.officer_head)
    forget()
    return lexicon_runs.lexicon_rescan(version=version, actor=people.officer)


def _bare_rate() -> int:
    """Scans per second of CPU of one process, nothing else."""
    from compliance.lexicons import active_engine
    from compliance.models import ArchivedMessage

    engine = active_engine()
    texts = [
        message.text for message in ArchivedMessage.objects.only("content", "envelope_id")[:_BARE]
    ]
    for text in texts:
        engine.scan(text)
    began = time.process_time()
    for text in texts:
        engine.scan(text)
    return round(len(texts) / (time.process_time() - began))


def _cpu_seconds() -> float:
    """CPU seconds of this process, of those it has waited for, and of PostgreSQL with all backends."""
    import psutil
    from django.db import connection

    connection.ensure_connection()
    postmaster = psutil.Process(connection.connection.info.backend_pid).parent()
    assert postmaster is not None
    running = sum(sum(process.cpu_times()[:2]) for process in postmaster.children())
    return sum(os.times()[:4]) + sum(postmaster.cpu_times()[:4]) + running


def _walked(pk: int) -> tuple[float, float]:
    """Seconds from the word go until the last process has nothing left to do, and the CPU seconds
    that the processes needed to start."""
    import psutil

    workers = [_worker(pk) for _ in range(PROCESSES)]
    for worker in workers:
        assert worker.stdout and worker.stdout.readline().strip() == "ready"
    starting = sum(sum(psutil.Process(w.pid).cpu_times()[:2]) for w in workers)
    began = time.perf_counter()
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    codes = [worker.wait() for worker in workers]
    took = time.perf_counter() - began
    assert codes == [0] * PROCESSES, f"a process failed: {codes}"
    return took, starting


def _worker(pk: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", _WALK, str(pk)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
