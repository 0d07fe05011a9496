"""Rings a worker after commit. A lost ring is harmless: sweepers look at the rows themselves."""

import logging
import threading
import time
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)
# A bell that rang is not rung again until its worker has come, or has failed to for so long.
_STILL_RINGING_SECONDS = 5
# Rings of one process within so long are one ring.
_GATHER_SECONDS = 0.01
# Whoever found the broker gone does not try it again for so long.
_AWAY_SECONDS = 5
_away = {"until": 0.0}


def ring(task: Any, *args: Any, countdown: float | None = None) -> None:
    """Enqueues `task` once the surrounding transaction has committed; never raises for the broker."""
    transaction.on_commit(lambda: _send(task, args, countdown))


def _send(task: Any, args: tuple[Any, ...] = (), countdown: float | None = None) -> None:
    if time.monotonic() < _away["until"]:
        return
    try:
        task.apply_async(args, retry=False, countdown=countdown)
    except OperationalError:
        _away["until"] = time.monotonic() + _AWAY_SECONDS
        logger.warning("broker unreachable, %s waits for its sweeper", task.name)


def ring_once(task: Any) -> None:
    """Like `ring` for a task that takes up all that waits: many rings in a row wake it once.

    Whoever rings does not even wait for Redis: a thread does that. The task must call `answered`
    before it looks at the rows; a row committed after that look finds the bell silent and rings
    again, so none is left to the sweeper.
    """
    transaction.on_commit(lambda: _ringer().wake(task))


def answered(task: Any) -> None:
    """The worker is there: from now on the bell may ring again."""
    try:
        _redis().delete(_key(task))
    except redis.RedisError:
        logger.warning("Redis unreachable, the bell of %s stays", task.name)


class _Ringer:
    """One thread of a process that rings for all the others."""

    def __init__(self) -> None:
        self._wanted: dict[str, Any] = {}
        self._any = threading.Event()
        threading.Thread(target=self._work, name="bell", daemon=True).start()

    def wake(self, task: Any) -> None:
        self._wanted[task.name] = task
        self._any.set()

    def _work(self) -> None:
        while True:
            self._any.wait()
            time.sleep(_GATHER_SECONDS)
            # Cleared before it is read: what is wanted from here on rings once more.
            self._any.clear()
            while self._wanted:
                _, task = self._wanted.popitem()
                _send_once(task)


def _send_once(task: Any) -> None:
    try:
        silent = _redis().set(_key(task), "1", nx=True, ex=_STILL_RINGING_SECONDS)
    except redis.RedisError:
        logger.warning("Redis unreachable, %s waits for its sweeper", task.name)
        return
    if silent:
        _send(task)


def _key(task: Any) -> str:
    return f"bell:{task.name}"


@cache
def _ringer() -> _Ringer:
    return _Ringer()


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.2)
