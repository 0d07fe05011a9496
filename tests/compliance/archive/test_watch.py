"""Each condition opens one alarm, at most a minute late, and closes it when it has ended."""

import datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from channels.providers.base import ErrorClass, ProviderError
from compliance.archive import gaps, pull, rounds, scan
from compliance.archive.watch import watch
from compliance.lexicon import Engine, ScanFailed
from compliance.models import ArchiveAlarm, ArchivedMedia, ArchiveGap
from scrm.accounts.models import Notice
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import Chat, write_key


@pytest.fixture
def source(cast: Cast, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> Chat:
    monkeypatch.setattr(rounds, "archive_sdk", lambda: chat)
    for mark in (rounds._envelopes, rounds._messages, rounds._unfindable):
        mark.mark = 0
    chat.to = befriend(cast.wang).external_userid  # type: ignore[attr-defined]
    return chat


def _later(seconds: int) -> Any:
    return time_machine.travel(timezone.now() + datetime.timedelta(seconds=seconds), tick=False)


def _open() -> set[tuple[str, str]]:
    watch()
    rows = ArchiveAlarm.objects.filter(state="open")
    return {(row.kind, row.key) for row in rows if row.kind != "lag"}


def _say(chat: Chat, text: str = "您好", **more: Any) -> dict[str, Any]:
    return chat.say("alice", chat.to, text, at=timezone.now(), **more)  # type: ignore[attr-defined]


def test_an_alarm_rings_the_bell_of_the_officers_once(source: Chat, cast: Cast) -> None:
    rounds.sweep()
    with _later(60):
        watch()
        watch()
    told = Notice.objects.filter(key__startswith="archive-alarm:")
    heard = [row.recipient for row in told]
    assert {cast.officer, cast.officer_head, cast.hq} <= set(heard)
    assert {user.role for user in heard} == {"compliance", "hq_admin"}
    assert len(heard) == len(set(heard))
    assert "收取停止" in told[0].text
    assert cast.alice.notices.count() == 0


def test_a_silent_source_is_an_alarm_within_a_minute(source: Chat) -> None:
    _say(source)
    rounds.sweep()
    assert _open() == set()
    whole = source.get_chat_data

    def refuses(*_: Any) -> Any:
        raise ProviderError("存档：网络错误", ErrorClass.TRANSIENT, errcode=10001)

    source.get_chat_data = refuses  # type: ignore[method-assign]
    with _later(60):
        rounds.sweep()
        for _ in range(3):
            assert {kind for kind, _ in _open()} == {"stall"}
        alarm = ArchiveAlarm.objects.get(kind="stall")
        assert "网络错误" in alarm.details
        source.get_chat_data = whole  # type: ignore[method-assign]
        rounds.sweep()
        assert _open() == set()
    alarm.refresh_from_db()
    assert (alarm.state, ArchiveAlarm.objects.count()) == ("closed", 1)
    assert alarm.closed_at is not None


def test_a_missing_key_names_its_version_and_ends_with_the_key(
    source: Chat, tmp_path: Path
) -> None:
    _say(source, version=7)
    rounds.sweep()
    assert _open() == {("key", "7")}
    write_key(tmp_path, 7)
    rounds.sweep()
    assert _open() == set()


def test_an_undecodable_record_is_an_alarm_for_a_day(source: Chat) -> None:
    _say(source)["encrypt_chat_msg"] = "AAAA"
    rounds.sweep()
    assert _open() == {("undecodable", "")}
    with _later(25 * 3600):
        rounds.sweep()
        assert _open() == set()


def test_unscanned_messages_are_an_alarm(source: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise ScanFailed("injected")

    _say(source)
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "scan", fails)
        rounds.sweep()
        assert _open() == set()
        with _later(6 * 60):
            rounds.sweep()
            assert _open() == {("unscanned", "")}
            patch.undo()
            scan.scan(scan.unscanned())
            assert _open() == set()


def test_files_about_to_be_lost_are_an_alarm(source: Chat) -> None:
    source.send_file("alice", source.to, b"x")  # type: ignore[attr-defined]
    rounds.sweep()
    with _later(37 * 3600):
        rounds.sweep()
        assert _open() == {("media", "")}
    ArchivedMedia.objects.update(state="expired")
    assert _open() == {("media_lost", "")}


def test_a_late_record_is_an_alarm(source: Chat) -> None:
    source.say("alice", source.to, "晚了", at=timezone.now() - datetime.timedelta(minutes=16))  # type: ignore[attr-defined]
    rounds.sweep()
    watch()
    assert ArchiveAlarm.objects.get(kind="lag", state="open").details


def test_a_hidden_record_is_asked_for_again_and_taken_in(source: Chat) -> None:
    for _ in range(3):
        _say(source)
    hidden = source.rows.pop(1)
    rounds.sweep()
    # The factory's numbers have holes too: 5, (6–8 with the hidden 7), 9.
    with _later(40):
        rounds.sweep()
        assert _open() == {("gap", pull.settings.WECOM_CORP_ID)}
        source.rows.insert(1, hidden)
        gaps.check(source)
        rounds.sweep()
        assert ArchiveGap.objects.get(after=5).state == "filled"
        assert _open() == set()


def test_a_number_that_never_was_is_settled_after_three_looks(source: Chat) -> None:
    _say(source)
    _say(source)
    rounds.sweep()
    assert ArchiveGap.objects.get().state == "open"
    with _later(60):
        for _ in range(3):
            rounds.sweep()
        assert ArchiveGap.objects.get().state == "empty"
        assert _open() == set()
