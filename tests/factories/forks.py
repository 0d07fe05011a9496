"""Work in a process of its own that may be killed: forked from the test's, so it starts at once.

Only for tests with transaction=True: the child sees what is committed, on connections of its own.
"""

import gc
import os
import signal
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from django.db import connection, connections

from compliance.archive import rounds
from scrm.celery import app
from scrm.core import bell

_SECONDS = 20
# The parent goes on with its connections: the child must not even say good-bye on them.
_untouched: list[Any] = []


def run(work: Callable[[], object], fault: str = "") -> bool:
    """Runs `work` in a child; False when it was killed at that fault point, as by kill -9.

    An exception in the child fails the test. Returns once PostgreSQL has let go of the child.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        _live(work, fault, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        report = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in {0, -signal.SIGKILL}, report
    _await_alone()
    return code == 0


def _live(work: Callable[[], object], fault: str, report: int) -> NoReturn:
    code = 1
    try:
        _start_anew()
        os.environ["SCRM_FAULT"] = fault
        work()
        code = 0
    except BaseException:
        os.write(report, traceback.format_exc().encode())
    finally:
        os._exit(code)


def _start_anew() -> None:
    """What a process that has just started does not have."""
    # A collection would walk, and so copy, everything inherited.
    gc.freeze()
    for alias in connections:
        _untouched.append(connections[alias].connection)
        connections[alias].connection = None
    app._after_fork()
    bell._redis.cache_clear()
    for mark in (rounds._envelopes, rounds._messages, rounds._unfindable):
        mark.mark = 0


def _await_alone() -> None:
    """A killed process holds its locks until PostgreSQL notices."""
    deadline = time.monotonic() + _SECONDS
    while _others() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _others(), "the child's connection outlived it"


def _others() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])
