"""Every fault switch, seen from the client."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from .harness import CORP, SECRET, Client


def fault(client: Client, kind: str, value: Any = None, times: int = 1, match: str = "*") -> None:
    client.control("faults", [{"match": match, "kind": kind, "value": value, "times": times}])


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        ("errcode", -1, -1),
        ("app_disabled", None, 50003),
        ("ip_refused", None, 60020),
        ("concurrency", None, 45033),
        ("rate", None, 45009),
    ],
)
def test_errcode_faults_count_down(corp: Client, kind: str, value: Any, code: int) -> None:
    corp.token()
    fault(corp, kind, value, times=2, match="department/list")
    assert corp.get("user/get", userid="bob")["errcode"] == 0
    codes = [corp.get("department/list")["errcode"] for _ in range(3)]
    assert codes == [code, code, 0]


@pytest.mark.parametrize(("kind", "code"), [("token_expired", 42001), ("token_revoked", 40014)])
def test_token_faults_really_end_the_token(corp: Client, kind: str, code: int) -> None:
    old = corp.token()
    fault(corp, kind, match="department/*")
    assert corp.get("department/list")["errcode"] == code
    assert corp.get("department/list")["errcode"] == code
    fresh = corp.raw("gettoken", corpid=CORP, corpsecret=SECRET).json()["access_token"]
    assert fresh != old
    corp.forget_tokens()
    assert corp.get("department/list")["errcode"] == 0


def test_broken_answers(corp: Client) -> None:
    token = corp.token()
    fault(corp, "http", 502)
    assert corp.raw("department/list", access_token=token).status_code == 502
    fault(corp, "html")
    answer = corp.raw("department/list", access_token=token)
    assert answer.status_code == 200 and answer.text.startswith("<html>")
    fault(corp, "empty")
    assert corp.raw("department/list", access_token=token).text == ""
    fault(corp, "latency", 0.3)
    assert corp.raw("department/list", access_token=token).elapsed.total_seconds() >= 0.3


def test_dropped_before_and_after_the_effect(corp: Client) -> None:
    path = "externalcontact/add_msg_template"
    body = {"sender": "alice", "text": {"content": "x"}}
    corp.token()
    for kind, made in (("drop_before", 0), ("drop_after", 1)):
        fault(corp, kind, match=path)
        with pytest.raises(requests.ConnectionError):
            corp.post(path, body)
        assert len(corp.control("tasks")["tasks"]) == made


def test_too_many_calls_at_the_same_time(corp: Client) -> None:
    corp.token()
    corp.control("settings", {"concurrency": 1})
    fault(corp, "latency", 0.4, times=-1, match="department/list")
    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(corp.get, "department/list") for _ in range(3)]
        codes = [job.result()["errcode"] for job in jobs]
    # They leave the latency together, one after the other.
    assert 45033 in codes and 0 in codes


def test_rules_are_listed_removed_and_checked(corp: Client) -> None:
    fault(corp, "rate", times=-1)
    fault(corp, "empty", times=-1)
    rules = corp.control("faults")["faults"]
    assert [rule["kind"] for rule in rules] == ["rate", "empty"]
    left = corp.control(f"faults?id={rules[0]['id']}", method="DELETE")["faults"]
    assert [rule["kind"] for rule in left] == ["empty"]
    assert corp.control("faults", method="DELETE")["faults"] == []
    assert "kind" in corp.refused("faults", [{"kind": "unheard-of"}])
    assert "数字" in corp.refused("faults", [{"kind": "http"}])
    assert "times" in corp.refused("faults", [{"kind": "rate", "times": 0}])
    assert "没有设置项" in corp.refused("settings", {"nonsense": 1})
