"""A stored decision is made again with the versions it names, and comes out byte for byte."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from compliance.alerts import alert_decide
from compliance.lexicon import ENGINE_VERSION
from compliance.lexicons import lexicon_activate, lexicon_import_csv
from compliance.models import Decision, MessageScan
from compliance.replay import replay
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import HARMLESS, RISKY, Chat, alert

TEXTS = (
    RISKY,
    HARMLESS,
    "这个产品保🐎本零风❤险，加我💚",
    "有个飞",
    "单项目",
    "s f z 发我 零\u200b风险",
)


@pytest.fixture
def scans(cast: Cast, chat: Chat) -> list[MessageScan]:
    to = befriend(cast.wang).external_userid
    for text in TEXTS:
        chat.say("alice", to, text)
    chat.archive()
    return list(MessageScan.objects.select_related("message").order_by("id"))


def test_every_decision_comes_out_byte_for_byte(cast: Cast, scans: list[MessageScan]) -> None:
    # Another lexicon is in force by now; each decision is made again with its own.
    draft = lexicon_import_csv(text="火星理财计划,aml,4", note="新", actor=cast.officer)
    lexicon_activate(version=draft, actor=cast.officer_head)
    assert len(scans) == len(TEXTS) and {scan.lexicon_version for scan in scans} == {"starter-1"}
    for scan in scans:
        outcome = replay(scan)
        assert outcome.same and outcome.stored == outcome.again, (scan.message.text, outcome)
        assert json.loads(outcome.again)["severity"] == scan.severity
    assert sum(scan.severity is not None for scan in scans) >= 3


def test_a_changed_record_or_another_engine_shows(scans: list[MessageScan]) -> None:
    row = next(scan for scan in scans if scan.findings)
    row.findings = [{**row.findings[0], "severity": 0}, *row.findings[1:]]
    assert not replay(row).same
    row.refresh_from_db()
    row.engine_version = ENGINE_VERSION.replace("+e", "+e0")
    assert "当时的版本" in replay(row).why
    row.refresh_from_db()
    row.lexicon_digest = "0" * 64
    assert "摘要不符" in replay(row).why


def test_a_decision_of_a_person_names_all_three_versions(cast: Cast, chat: Chat) -> None:
    row = alert(chat, cast.alice, befriend(cast.wang), severity=2)
    alert_decide(alert=row, decision="dismiss", reason="误报", actor=cast.officer)
    made = Decision.objects.get()
    assert (made.lexicon_version, made.engine_version) == ("starter-1", ENGINE_VERSION)
    assert made.lexicon_digest == row.scan.lexicon_digest


def test_the_officer_asks_for_it_on_the_alert(cast: Cast, chat: Chat, client: Client) -> None:
    row = alert(chat, cast.alice, befriend(cast.wang))
    client.force_login(cast.officer)
    assert "重放核对" in client.get(reverse("compliance:alert", args=[row.pk])).content.decode()
    url = reverse("compliance:alert_replay", args=[row.pk])
    assert "逐字节一致" in client.get(url).content.decode()
    client.force_login(cast.officer_shanghai)
    assert client.get(url).status_code == 404
