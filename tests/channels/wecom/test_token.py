"""One token for all processes, and secrets that stay where they are."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings

from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom.api import WeCom
from tests.channels.wecom.conftest import client_of, origin_of, wecom_of
from tests.factories.wecom import Corp

PROCESSES = 16
ROOT = Path(__file__).resolve().parents[3]
# Waits for the others before each of its calls; says how many employees it read.
PROGRAM = """
import sys
from django.conf import settings
from scrm.settings import base
names = [name for name in dir(base) if name.startswith("WECOM_")]
values = {name: getattr(base, name) for name in names}
settings.configure(REDIS_URL=sys.argv[1], **values)
from channels.providers.wecom.api.customers import Customers
from channels.providers.wecom.client import WeComClient
customers = Customers(WeComClient(*sys.argv[2:6]))
print("ready", flush=True)
while sys.stdin.readline():
    print(len(customers.follow_users()), flush=True)
"""


def _gettoken_calls(bank: Corp) -> int:
    return int(bank.get("stats")["calls"].get("gettoken", 0))


def _start(bank: Corp) -> "subprocess.Popen[str]":
    arguments = [
        settings.REDIS_URL,
        origin_of(bank),
        settings.WECOM_CORP_ID,
        str(settings.WECOM_AGENT_ID),
        settings.WECOM_AGENT_SECRET,
    ]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.fixture(scope="module")
def crowd(bank: Corp) -> "Iterator[list[subprocess.Popen[str]]]":
    """Processes that have made no call yet; started once, as that is what takes the time."""
    processes = [_start(bank) for _ in range(PROCESSES)]
    try:
        assert [_line(process) for process in processes] == ["ready\n"] * PROCESSES
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _all_at_once(processes: "list[subprocess.Popen[str]]") -> list[str]:
    """All start their call before the first answer is awaited."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [_line(process) for process in processes]


@pytest.mark.parametrize("how", ["ended early", "expired by our clock"])
def test_sixteen_processes_fetch_one_token(
    api: WeCom, bank: Corp, crowd: "list[subprocess.Popen[str]]", how: str
) -> None:
    api.follow_users()
    if how == "ended early":
        bank.post("clock", {"advance": 8000})
    else:
        redis.Redis.from_url(settings.REDIS_URL).flushdb()
    before = _gettoken_calls(bank)
    assert _all_at_once(crowd) == ["3\n"] * PROCESSES
    assert _gettoken_calls(bank) == before + 1


def test_in_its_last_minute_a_token_is_not_asked_for_again_and_again(
    api: WeCom, bank: Corp
) -> None:
    """WeCom hands out the same token until it ends."""
    bank.post("settings", {"token_seconds": 30})
    try:
        bank.post("clock", {"advance": 8000})
        api.follow_users()
        before = _gettoken_calls(bank)
        for _ in range(5):
            wecom_of(bank).follow_users()
        assert _gettoken_calls(bank) == before
    finally:
        bank.post("settings", {"token_seconds": 7200})


def test_a_wrong_secret_is_not_tried_by_everybody(api: WeCom, bank: Corp) -> None:
    client = client_of(bank, secret="wrong")
    before = _gettoken_calls(bank)
    for another in (client, client, client_of(bank, secret="wrong")):
        with pytest.raises(ProviderError) as caught:
            another.look("department/list")
        assert (caught.value.kind, caught.value.errcode) == (ErrorClass.CONFIGURATION, 40001)
    assert _gettoken_calls(bank) == before + 1


def test_without_redis_each_process_has_its_own_token(api: WeCom, bank: Corp, settings) -> None:
    from channels.providers.wecom import store

    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    store.shared.cache_clear()
    try:
        before = _gettoken_calls(bank)
        assert [bool(api.follow_users()) for _ in range(3)] == [True] * 3
        assert _gettoken_calls(bank) == before + 1
    finally:
        store.shared.cache_clear()


def test_two_apps_of_one_corp_share_nothing(api: WeCom, bank: Corp) -> None:
    assert api.msgaudit.permitted()
    assert api.follow_users()
    keys = redis.Redis.from_url(settings.REDIS_URL).keys("wecom:token:*")
    assert len(keys) == 2
