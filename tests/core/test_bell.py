"""The bell: many rings wake a worker once, none is lost, and Redis may be away."""

import time
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings as live_settings
from pytest_django.fixtures import Settings

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
