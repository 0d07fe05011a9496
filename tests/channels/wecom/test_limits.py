"""How often, how much at once, and who else is told when WeCom has had enough."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from django.conf import settings as live_settings

from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom import limits, store
from channels.providers.wecom.api import WeCom
from channels.providers.wecom.limits import Limits, bucket
from channels.providers.wecom.limits_local import LocalCounts
from tests.channels.wecom.conftest import client_of, wecom_of
from tests.factories.wecom import Corp

PATH = "externalcontact/get_follow_user_list"
_really_sleep = time.sleep


def _nap() -> None:
    _really_sleep(0.05)


def _calls(bank: Corp, path: str = PATH) -> int:
    return int(bank.get("stats")["calls"].get(path, 0))


def _database() -> redis.Redis:
    return redis.Redis.from_url(live_settings.REDIS_URL)


def _refused(api: WeCom) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        api.follow_users()
    return caught.value


@pytest.fixture
def impatient(settings) -> None:
    settings.WECOM_LIMIT_WAIT_SECONDS = 0


@pytest.mark.parametrize(("calls", "seconds"), [(10_000, 60), (10, 60), (150_000, 3600)])
def test_no_window_can_hold_more_than_the_rule(calls: int, seconds: int) -> None:
    burst, per_second = bucket(calls, seconds)
    assert burst + per_second * seconds <= calls


def test_calls_over_the_limit_wait_for_no_request(
    api: WeCom, bank: Corp, settings, impatient: None
) -> None:
    settings.WECOM_CALLS_PER_MINUTE_OF = {PATH: 4}
    another_process = wecom_of(bank)
    api.follow_users()
    another_process.follow_users()
    before = _calls(bank)
    for client in (api, another_process):
        assert _refused(client).kind is ErrorClass.RATE
    assert _calls(bank) == before
    assert api.org.departments()


def test_a_short_wait_is_waited(api: WeCom, bank: Corp, settings, monkeypatch) -> None:
    settings.WECOM_CALLS_PER_MINUTE_OF = {PATH: 600}
    settings.WECOM_LIMIT_WAIT_SECONDS = 30
    key = f"wecom:limit:{live_settings.WECOM_CORP_ID}:{PATH}:60"
    waits: list[float] = []
    monkeypatch.setattr(limits.time, "sleep", lambda seconds: (waits.append(seconds), _nap()))
    _database().hset(key, mapping={"level": 0, "at": time.time() * 1000})
    assert api.follow_users()
    assert waits
    assert 0 < waits[0] <= 0.2


def test_the_address_has_a_limit_of_its_own(
    api: WeCom, bank: Corp, settings, impatient: None
) -> None:
    settings.WECOM_IP_CALLS_PER_MINUTE = 2
    with Limits("another-corp-behind-this-address").passing(PATH):
        pass
    assert _refused(api).kind is ErrorClass.RATE


def test_45009_pauses_one_endpoint_for_everybody_and_nothing_else(api: WeCom, bank: Corp) -> None:
    another_process = wecom_of(bank)
    another_process.follow_users()
    bank.fault("rate", PATH)
    assert _refused(api).kind is ErrorClass.RATE
    before = _calls(bank)
    for client in (api, another_process):
        error = _refused(client)
        assert (error.kind, error.errcode) == (ErrorClass.RATE, 45009)
    assert _calls(bank) == before
    assert api.client.limits.paused() == [PATH]
    assert another_process.customers.ids("alice")
    key = f"wecom:limit:{live_settings.WECOM_CORP_ID}:{PATH}:pause"
    assert 0 < _database().pttl(key) <= 60_000
    _database().delete(key)
    assert another_process.follow_users()


def test_after_its_window_a_pause_is_over(api: WeCom, bank: Corp, settings) -> None:
    settings.WECOM_PAUSE_SECONDS = 0.1
    bank.fault("rate", PATH)
    _refused(api)
    time.sleep(0.2)
    assert api.follow_users()


def _allowed(bank: Corp) -> int:
    return client_of(bank).limits._ask(PATH).allowed


def test_45033_halves_what_may_run_at_once_and_it_recovers(
    api: WeCom, bank: Corp, settings
) -> None:
    settings.WECOM_PARALLEL_RECOVERY_SECONDS = 1000
    assert _allowed(bank) == 10
    bank.fault("concurrency", PATH, times=1)
    assert api.follow_users()
    assert _allowed(bank) == 5
    settings.WECOM_PARALLEL_RECOVERY_SECONDS = 0.001
    time.sleep(0.02)
    assert _allowed(bank) == 10


def test_no_more_run_at_once_than_allowed(api: WeCom, bank: Corp, settings) -> None:
    settings.WECOM_PARALLEL_CALLS = 2
    api.follow_users()
    bank.post("settings", {"concurrency": 2})
    bank.fault("latency", PATH, 0.2, times=6)
    try:
        with ThreadPoolExecutor(6) as pool:
            found = list(pool.map(lambda _: wecom_of(bank).follow_users(), range(6)))
    finally:
        bank.post("settings", {"concurrency": 0})
    assert all(found)


def test_the_slot_of_a_killed_process_comes_free(
    api: WeCom, bank: Corp, settings, impatient: None
) -> None:
    settings.WECOM_PARALLEL_CALLS = 1
    database = _database()
    key = f"wecom:limit:{live_settings.WECOM_CORP_ID}:{PATH}:slots"
    database.zadd(key, {"killed": (time.time() + 60) * 1000})
    assert _refused(api).kind is ErrorClass.TRANSIENT
    database.zadd(key, {"killed": (time.time() - 1) * 1000})
    assert api.follow_users()
    assert database.zcard(key) == 0


def test_without_redis_calls_go_on_and_it_is_said_once(
    api: WeCom, bank: Corp, settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    store.shared.cache_clear()
    try:
        with caplog.at_level(logging.INFO, "channels.providers.wecom.limits"):
            assert [api.follow_users() for _ in range(5)]
            bank.fault("rate", PATH)
            _refused(api)
            before = _calls(bank)
            assert _refused(api).kind is ErrorClass.RATE
    finally:
        store.shared.cache_clear()
    assert _calls(bank) == before
    said = [record for record in caplog.records if "Redis is away" in record.getMessage()]
    assert len(said) == 1


def test_a_process_alone_counts_by_itself() -> None:
    counts = LocalCounts()
    assert [counts.take("a", 4)[0] for _ in range(3)] == ["go", "go", "empty"]
    assert counts.take("b", 4)[0] == "go"
    assert counts.take("c", 0)[0] == "go"
