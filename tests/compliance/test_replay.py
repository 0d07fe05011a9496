"""A stored decision is made again with the versions it names, and comes out byte for byte."""

import datetime
import json

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compliance.alerts import alert_decide
from compliance.lexicon import ENGINE_VERSION
from compliance.lexicons import lexicon_activate, lexicon_import_csv
from compliance.models import Decision, MessageScan
from compliance.replay import replay
from contacts.models import Customer
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import HARMLESS, RISKY, Chat, alert, message_of

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


def test_what_was_known_then_is_used_again(cast: Cast, chat: Chat) -> None:
    """A cautious customer of 70 with a rating makes it graver; years later neither holds."""
    today = timezone.localdate()
    born = today.replace(year=today.year - 70, day=1)
    rated = {"risk_level": 1, "risk_expires_on": today + datetime.timedelta(days=9)}
    Customer.objects.filter(pk=cast.wang.pk).update(birthday=born, **rated)
    to, now = befriend(cast.wang).external_userid, timezone.now()
    said = [
        chat.say("alice", to, "这个产品很稳，您放心，适合您，闭眼买，飞", at=now),
        chat.say("alice", to, "单项目，保证收益，稳赚不赔", at=now + datetime.timedelta(seconds=9)),
    ]
    chat.archive()
    first, second = (MessageScan.objects.get(message=message_of(one)) for one in said)
    assert first.given == {"age": 70, "level": "C1"}
    assert second.given == {**first.given, "before": first.message_id}
    assert first.severity is not None and second.severity is not None
    changed = {"birthday": today, "risk_level": 5}
    Customer.objects.filter(pk=cast.wang.pk).update(**changed)
    assert replay(first).same and replay(second).same
    # Without it the outcome is another one; of older decisions, which lack it, that is said.
    first.given = {}
    assert "被改动" in replay(first).why
    first.given = None
    assert "当时没有记下" in replay(first).why


def test_a_customers_words_were_given_nothing(cast: Cast, chat: Chat) -> None:
    chat.say(befriend(cast.wang).external_userid, "alice", RISKY)
    chat.archive()
    assert MessageScan.objects.get().given == {}
    assert replay(MessageScan.objects.get()).same


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
