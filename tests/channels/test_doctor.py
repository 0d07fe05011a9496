"""The connection doctor: each fault of the sandbox shows in its own line, with a way to mend it."""

import datetime
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from channels.doctor import facts, run
from channels.doctor.finding import Finding, Outcome, State, ok
from channels.models import InboxEvent
from channels.providers.wecom.api import wecom
from channels.providers.wecom.archive import archive_sdk
from channels.providers.wecom.client import WeComClient
from scrm.accounts.models import User
from scrm.audit.models import AuditEvent
from tests.factories.cast import Cast
from tests.factories.wecom import Corp, forget_clients

QUOTA = "externalcontact/customer_acquisition_quota"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def healthy(
    corp: Corp, cast: Cast, settings, tmp_path: Path, key: rsa.RSAPrivateKey
) -> Iterator[Corp]:
    """Everything is in order but our own public address, which needs a running server."""
    settings.PUBLIC_URL = "http://127.0.0.1:1"
    settings.WECOM_ARCHIVE_KEYS_DIR = str(tmp_path)
    archive_sdk.cache_clear()
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    corp.post("keys", {"version": 1, "pem": public.decode()})
    _keep(tmp_path, 1, key)
    corp.act("say", **{"from": "alice", "to": "wmC00000001", "text": "您好"})
    User.objects.exclude(wecom_userid__in=["alice", "amy", "bob"]).update(wecom_userid=None)
    _called_back(timezone.now())
    yield corp
    archive_sdk.cache_clear()


def _keep(folder: Path, version: int, key: rsa.RSAPrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / f"{version}.pem").write_bytes(pem)


def _called_back(at: datetime.datetime) -> None:
    InboxEvent.objects.create(
        corp_id=settings.WECOM_CORP_ID,
        agent_id=settings.WECOM_AGENT_ID,
        digest="d",
        event="e",
        body={},
        happened_at=at,
        received_at=at,
    )


def _findings() -> dict[str, Finding]:
    return {row.name: row for row in run._run(facts.gather())}


def test_a_healthy_connection(healthy: Corp) -> None:
    found = _findings()
    states = {name: row.state.value for name, row in found.items()}
    assert states.pop("回调地址") == "fail"
    assert states.pop("群发与接口余量") == "unknown"
    assert set(states.values()) == {"ok"}
    assert "不提供" in found["群发与接口余量"].found
    assert "第 1 版" in found["存档私钥"].found


Break = Callable[[Corp, object], None]


def _wrong(name: str, value: object) -> Break:
    def act(corp: Corp, settings: object) -> None:
        setattr(settings, name, value)
        forget_clients()

    return act


def _switch(**settings_of_sandbox: object) -> Break:
    def act(corp: Corp, settings: object) -> None:
        corp.post("settings", settings_of_sandbox)

    return act


def _fault(kind: str, match: str, value: object = None) -> Break:
    def act(corp: Corp, settings: object) -> None:
        corp.fault(kind, match, value, times=-1)

    return act


def _unseal(corp: Corp, settings: object) -> None:
    (Path(settings.WECOM_ARCHIVE_KEYS_DIR) / "1.pem").unlink()


def _silence(corp: Corp, settings: object) -> None:
    InboxEvent.objects.update(received_at=timezone.now() - datetime.timedelta(days=3))


def _forget(corp: Corp, settings: object) -> None:
    InboxEvent.objects.all().delete()


@pytest.mark.parametrize(
    ("break_it", "name", "state", "word"),
    [
        (_wrong("WECOM_API_URL", "http://127.0.0.1:1"), "网络与时钟", "fail", "连接不上"),
        (_wrong("WECOM_CORP_ID", "ww0000"), "企业 ID", "fail", "企业 ID"),
        (_wrong("WECOM_CORP_ID", ""), "企业 ID", "fail", "没有配置"),
        (_wrong("WECOM_AGENT_SECRET", "wrong"), "应用 Secret", "fail", "Secret"),
        (_wrong("WECOM_ARCHIVE_SECRET", "wrong"), "存档 Secret", "fail", "Secret"),
        (_wrong("WECOM_ARCHIVE_SECRET", ""), "存档 Secret", "fail", "没有配置"),
        (_wrong("WECOM_CALLBACK_AES_KEY", "short"), "回调地址", "fail", "EncodingAESKey"),
        (_switch(trusted_ips=["10.0.0.1"]), "企业可信 IP", "fail", "127.0.0.1 不在"),
        (_switch(callable_app=False), "客户联系权限", "fail", "可调用接口的应用"),
        (_switch(hidden_members=["bob"]), "应用可见范围", "warn", "bob"),
        (_switch(hidden_members=["alice", "amy", "bob"]), "应用可见范围", "fail", "看不到"),
        (_switch(archive_opened=False), "存档私钥", "fail", "未开通"),
        (_fault("drop_before", "media/upload"), "素材上传", "fail", "没有答复"),
        (_fault("app_disabled", "externalcontact/*"), "客户联系权限", "fail", "停用"),
        (_fault("errcode", QUOTA, 48002), "获客助手额度", "unknown", "权限"),
        (_unseal, "存档私钥", "fail", "缺少第 1 版"),
        (_silence, "收到回调", "warn", "3 天"),
        (_forget, "收到回调", "warn", "从未"),
    ],
)
def test_each_trouble_shows_in_its_own_line(
    healthy: Corp, settings, break_it: Break, name: str, state: str, word: str
) -> None:
    break_it(healthy, settings)
    finding = _findings()[name]
    assert finding.state.value == state
    assert word in finding.found
    assert finding.mend


@pytest.mark.parametrize(("seconds", "state"), [(5, "ok"), (90, "warn"), (-4000, "fail")])
def test_a_wrong_clock(healthy: Corp, monkeypatch, seconds: int, state: str) -> None:
    now = time.time()
    monkeypatch.setattr(WeComClient, "ask_time", lambda self: (now, now + seconds))
    assert _findings()["网络与时钟"].state.value == state


def test_versions_that_stored_records_need_are_asked_for(healthy: Corp, monkeypatch) -> None:
    monkeypatch.setattr(facts, "_key_versions", [])
    facts.register_key_versions(lambda: {1, 7})
    assert "第 7 版" in _findings()["存档私钥"].found


def test_a_balance_that_wecom_warned_of_is_told_without_the_right_to_ask(healthy: Corp) -> None:
    healthy.fault("errcode", QUOTA, 48002, times=-1)
    InboxEvent.objects.create(
        corp_id="c",
        agent_id="1",
        digest="low",
        event="customer_acquisition",
        change_type="balance_low",
        body={},
        happened_at=timezone.now(),
    )
    finding = _findings()["获客助手额度"]
    assert finding.state is State.WARN
    assert "获客额度不足" in finding.found


def test_a_paused_endpoint_is_named(healthy: Corp) -> None:
    wecom().client.limits.pause("externalcontact/list")
    finding = _findings()["群发与接口余量"]
    assert finding.state is State.WARN
    assert "externalcontact/list" in finding.found


def test_one_broken_or_endless_check_hides_no_other(healthy: Corp, monkeypatch) -> None:
    def broken(known: facts.Facts) -> Outcome:
        raise ValueError("a bug")

    def endless(known: facts.Facts) -> Outcome:
        time.sleep(1)
        return ok("太晚了。")

    checks = (("坏", broken), ("慢", endless), ("好", lambda known: ok("好。")))
    monkeypatch.setattr(run, "CHECKS", checks)
    monkeypatch.setattr(run, "_SECONDS", 0.3)
    assert [row.state.value for row in _findings().values()] == ["unknown", "unknown", "ok"]


def test_our_own_address_answers_as_wecom_demands(
    corp: Corp, cast: Cast, live_server, settings
) -> None:
    settings.PUBLIC_URL = live_server.url
    finding = _findings()["回调地址"]
    assert (finding.state, finding.mend) in {(State.OK, ""), (State.WARN, finding.mend)}
    settings.PUBLIC_URL = f"{live_server.url}/nowhere"
    wrong = _findings()["回调地址"]
    assert wrong.state is State.FAIL


def test_the_page_asks_only_when_the_button_is_pressed(
    healthy: Corp, cast: Cast, sign_in: Callable[[User], Client]
) -> None:
    client = sign_in(cast.hq)
    before = healthy.get("stats")["calls"]
    page = client.get("/connection/doctor/")
    assert "开始检查" in page.content.decode()
    assert healthy.get("stats")["calls"] == before
    whole = client.post("/connection/doctor/").content.decode()
    assert "<html" in whole
    part = client.post("/connection/doctor/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert part.count("list-group-item") == len(run.CHECKS)
    assert "处理办法" in part
    assert AuditEvent.objects.filter(action="doctor.run").count() == 2
    assert "连接检查" in client.get("/connection/").content.decode()


def test_the_command_ends_with_one_when_something_fails(healthy: Corp, capsys, monkeypatch) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("wecom_doctor")
    assert caught.value.returncode == 1
    assert "[异常] 回调地址" in capsys.readouterr().out
    monkeypatch.setattr(run, "CHECKS", tuple(c for c in run.CHECKS if c[0] != "回调地址"))
    call_command("wecom_doctor")
