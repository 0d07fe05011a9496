"""Each condition opens one alarm, at most a minute late, and closes it when it has ended."""

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from channels.providers.base import ErrorClass, ProviderError
from compliance.archive import gaps, pull, rounds, scan
from compliance.archive.watch import watch
from compliance.lexicon import Engine
from compliance.models import ArchiveAlarm, ArchivedMedia, ArchivedMessage, ArchiveGap
from scrm.accounts.models import Notice
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import Chat, refusing, write_key


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
    _say(source)
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "scan_many", refusing())
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


@contextmanager
def _clock() -> Iterator[Callable[[int], None]]:
    """Stands still; the function sets it to so many seconds after now."""
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        yield lambda seconds: clock.move_to(start + datetime.timedelta(seconds=seconds))


def _run(set_to: Callable[[int], None], until: int, since: int = 0) -> list[set[tuple[str, str]]]:
    """What beat does after a pull: holes every 5 seconds, the watch every 15; alarms each time."""
    seen = []
    for second in range(since + 5, until + 1, 5):
        set_to(second)
        rounds.recheck()
        if second % 15 == 0:
            rounds.sweep()
            seen.append(_open())
    return seen


GAP = ("gap", pull.settings.WECOM_CORP_ID)


def test_ordinary_holes_settle_and_ring_nobody(source: Chat) -> None:
    with _clock() as set_to:
        for _ in range(20):
            _say(source)
        rounds.sweep()
        holes = ArchiveGap.objects.filter(state="open")
        assert holes.count() == 19
        seen = _run(set_to, 660)
    assert GAP not in set().union(*seen)
    assert not ArchiveAlarm.objects.filter(kind="gap").exists()
    assert not Notice.objects.filter(text__contains="序号").exists()
    assert not holes.exists()
    assert ArchiveGap.objects.filter(state="empty").count() == 19


def test_holes_that_cannot_be_looked_at_ring_within_a_minute(source: Chat) -> None:
    whole = source.get_chat_data

    def refuses(*_: Any) -> Any:
        raise ProviderError("存档：网络错误", ErrorClass.TRANSIENT, errcode=10001)

    with _clock() as set_to:
        _say(source)
        _say(source)
        rounds.sweep()
        source.get_chat_data = refuses  # type: ignore[method-assign]
        seen = _run(set_to, 60)
        assert GAP not in seen[0] | seen[1]
        assert GAP in seen[-1]
        source.get_chat_data = whole  # type: ignore[method-assign]
        for second in (65, 70, 75):
            set_to(second)
            rounds.recheck()
        assert GAP not in _open()


def test_a_record_that_appears_late_is_taken_in(source: Chat) -> None:
    with _clock() as set_to:
        for _ in range(3):
            _say(source)
        # The factory leaves a number out between two: 5, hole 6–8 with the hidden 7, 9.
        hidden = source.rows.pop(1)
        rounds.sweep()
        set_to(15)
        assert rounds.recheck() == 0
        source.rows.insert(1, hidden)
        set_to(26)
        rounds.recheck()
        rounds.sweep()
        assert ArchivedMessage.objects.filter(envelope__seq=hidden["seq"]).count() == 1
        assert GAP not in _open()
        # 6 and 8 are still asked for.
        assert ArchiveGap.objects.get(after=5).state == "open"
        _run(set_to, 660)
    assert ArchiveGap.objects.get(after=5).state == "filled"


def test_a_record_that_appears_very_late_is_taken_in_by_the_last_look(source: Chat) -> None:
    with _clock() as set_to:
        for _ in range(3):
            _say(source)
        hidden = source.rows.pop(1)
        rounds.sweep()
        _run(set_to, 300)
        source.rows.insert(1, hidden)
        _run(set_to, 595, since=300)
        assert not ArchivedMessage.objects.filter(envelope__seq=hidden["seq"]).exists()
        _run(set_to, 630, since=595)
    assert ArchivedMessage.objects.filter(envelope__seq=hidden["seq"]).count() == 1
    assert ArchiveGap.objects.get(after=5).state == "filled"


def test_many_holes_are_looked_at_page_by_page(
    source: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "_AT_ONCE", 4)
    with _clock() as set_to:
        for _ in range(12):
            _say(source)
        rounds.sweep()
        set_to(5)
        rounds.recheck()
        assert set(ArchiveGap.objects.values_list("checks", flat=True)) == {1}
