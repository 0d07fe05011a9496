"""The bell: many rings wake a worker once, none is lost, and Redis may be away."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from celery import Celery
from django.conf import settings as live_settings
from django.db import transaction
from pytest_django.fixtures import Settings

from scrm.accounts.models import Branch
from scrm.core import bell


class Task:
    name = "tests.bell"

    def __init__(self) -> None:
        self.woken = 0

    def apply_async(self, args: tuple, **options: object) -> None:
        self.woken += 1


@pytest.fixture
def task(socket_enabled: None, transactional_db: None) -> Iterator[Task]:
    store = redis.Redis.from_url(live_settings.REDIS_URL)
    store.delete("bell:tests.bell")
    bell._redis.cache_clear()
    yield Task()
    store.delete("bell:tests.bell")
    bell._redis.cache_clear()


def _after(condition, seconds: float = 2.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def test_many_rings_wake_once_until_the_worker_has_come(task: Task) -> None:
    for _ in range(500):
        bell.ring_once(task)
    assert _after(lambda: task.woken == 1)
    time.sleep(0.05)
    assert task.woken == 1


def test_a_ring_after_the_worker_came_wakes_it_again(task: Task) -> None:
    bell.ring_once(task)
    assert _after(lambda: task.woken == 1)
    bell.answered(task)
    bell.ring_once(task)
    assert _after(lambda: task.woken == 2)


@pytest.fixture
def deaf() -> Iterator[socket.socket]:
    """A broker that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        yield listener


def test_work_goes_on_beside_a_broker_that_does_not_answer(
    socket_enabled: None, deaf: socket.socket, transactional_db: None, monkeypatch: Any
) -> None:
    monkeypatch.setitem(bell._away, "until", 0.0)
    app = Celery(broker=f"redis://127.0.0.1:{deaf.getsockname()[1]}/0", set_as_current=False)
    app.conf.broker_transport_options = live_settings.CELERY_BROKER_TRANSPORT_OPTIONS
    tried: list[int] = []

    @app.task(name="tests.deaf")
    def task() -> None: ...

    send = task.apply_async
    monkeypatch.setattr(task, "apply_async", lambda *a, **k: (tried.append(1), send(*a, **k)))
    began = time.monotonic()
    with transaction.atomic():
        branch = Branch.objects.create(name="支行", kind="branch", code="deaf", path="/deaf/")
        for _ in range(200):
            bell.ring(task)
    # One try of a second, where Celery's own patience is six seconds for each ring.
    assert time.monotonic() - began < 5
    assert len(tried) == 1
    assert Branch.objects.filter(pk=branch.pk).exists()


def test_without_redis_nothing_is_raised_and_the_bell_works_afterwards(
    task: Task, settings: Settings
) -> None:
    there = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    bell._redis.cache_clear()
    bell.ring_once(task)
    bell.answered(task)
    time.sleep(0.1)
    assert task.woken == 0
    settings.REDIS_URL = there
    bell._redis.cache_clear()
    bell.ring_once(task)
    assert _after(lambda: task.woken == 1)
