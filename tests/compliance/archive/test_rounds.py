"""The rounds that workers run: a broken stage does not keep the others from their work."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels.providers.base import ErrorClass, ProviderError
from channels.signals import archive_notified
from compliance import tasks
from compliance.archive import decode, pull, rounds, scan
from compliance.archive.marks import LowWater
from compliance.lexicon import Engine
from compliance.models import Alert, ArchivedMessage
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import RISKY, Chat, refusing


@pytest.fixture
def source(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> Chat:
    monkeypatch.setattr(rounds, "archive_sdk", lambda: chat)
    return chat


def test_a_notice_rings_the_puller_after_commit(
    db: None, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    rung: list[tuple[Any, ...]] = []
    monkeypatch.setattr(tasks.archive_pull, "apply_async", lambda *a, **_: rung.append(a))
    with django_capture_on_commit_callbacks(execute=True):
        archive_notified.send(None, corp_id="corp")
        assert not rung
    assert len(rung) == 1


def test_one_round_goes_all_the_way(cast: Cast, source: Chat) -> None:
    source.say("alice", befriend(cast.wang).external_userid, RISKY)
    assert tasks.archive_pull() == 1
    assert Alert.objects.count() == 1
    assert tasks.archive_pull() == 0


def test_what_was_just_pulled_is_not_read_back_and_what_a_crash_left_is(
    cast: Cast, source: Chat
) -> None:
    to = befriend(cast.wang).external_userid
    source.say("alice", to, "一")
    with CaptureQueriesContext(connection) as sent:
        tasks.archive_pull()
    read = [row["sql"] for row in sent if row["sql"].startswith("SELECT")]
    assert read and not any("encrypt_chat_msg" in sql for sql in read)
    source.say("alice", to, "二")
    pull.pull(source)
    source.say("alice", to, "三")
    assert tasks.archive_pull() == 2
    assert [row.text for row in ArchivedMessage.objects.order_by("id")] == ["一", "二", "三"]


def test_an_unreachable_source_does_not_stop_decoding(
    cast: Cast, source: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: Any) -> None:
        raise ProviderError("连接不上", ErrorClass.TRANSIENT)

    source.say("alice", befriend(cast.wang).external_userid, RISKY)
    pull.pull(source)
    monkeypatch.setattr(source, "get_chat_data", unreachable)
    assert tasks.archive_pull() == 1
    assert Alert.objects.count() == 1


def test_the_sweeper_finishes_what_a_crash_left(
    cast: Cast, source: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scan of the first message failed, a later one was scanned: the usual round goes on."""
    to = befriend(cast.wang).external_userid
    source.say("alice", to, RISKY)
    source.say(to, "alice", "好的")
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "scan_many", refusing(RISKY))
        tasks.archive_pull()
        tasks.archive_sweep()
    tasks.archive_pull()
    assert scan.unscanned().count() == 1
    tasks.archive_sweep()
    assert scan.unscanned().count() == 0
    assert Alert.objects.get().message == ArchivedMessage.objects.order_by("id")[0]


def test_the_sweeper_starts_after_what_is_settled(cast: Cast, source: Chat) -> None:
    to = befriend(cast.wang).external_userid
    marks = LowWater(scan.unscanned)
    source.say("alice", to, "您好")
    source.archive()
    marks.advance()
    assert marks.mark == ArchivedMessage.objects.get().pk
    source.say("alice", to, "再见")
    pull.pull(source)
    decode.decode(source, decode.waiting())
    marks.advance()
    assert marks.unsettled().count() == 1
