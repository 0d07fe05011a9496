"""A walk over the archive with another version: the preview, what it asks of a person, the rescan."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from compliance import lexicon_runs, lexicons
from compliance.lexicons import lexicon_activate, lexicon_import_csv
from compliance.models import Alert, LexiconRun, LexiconRunPart, LexiconVersion, MessageScan
from compliance.selectors import lexicon as selectors
from scrm.audit.models import AuditEvent
from scrm.core.errors import BusinessError
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import HARMLESS, Chat, message_of

SAID = "我给您推荐火星理财计划，周五说。"
Kind, State = LexiconRun.Kind, LexiconRun.State


def drafted(text: str, cast: Cast, removed: tuple[str, ...] = ()) -> LexiconVersion:
    return lexicon_import_csv(text=text, note="测试", actor=cast.officer, removed=removed)


def in_force(text: str, cast: Cast) -> LexiconVersion:
    version = lexicon_activate(version=drafted(text, cast), actor=cast.officer_head)
    lexicons.forget()
    return version


def finished(version: LexiconVersion, kind: str = Kind.PREVIEW) -> LexiconRun:
    run = version.runs.get(kind=kind)
    assert not lexicon_runs.work(run.pk)
    run.refresh_from_db()
    return run


@pytest.fixture
def talked(cast: Cast, chat: Chat) -> int:
    """The key of a message that only the new word of these tests finds."""
    to = befriend(cast.wang).external_userid
    chat.say("alice", to, HARMLESS)
    said = chat.say("alice", to, SAID)
    chat.archive()
    assert not Alert.objects.exists()
    return message_of(said).pk


def test_a_draft_is_previewed_and_nothing_is_stored(cast: Cast, talked: int) -> None:
    before = list(MessageScan.objects.values_list("pk", "severity"))
    run = finished(drafted("火星理财计划,off_book_sale,4\n", cast))
    assert (run.state, run.total, run.done) == (State.DONE, 2, 2)
    assert (run.newly, run.vanished, run.lost) == (1, 0, 0)
    assert run.samples == {"newly": [talked]}
    assert list(MessageScan.objects.values_list("pk", "severity")) == before


def test_losing_a_confirmed_violation_must_be_accepted(cast: Cast, talked: int) -> None:
    active = in_force("火星理财计划,off_book_sale,4\n", cast)
    lexicon_runs.lexicon_rescan(version=active, actor=cast.officer)
    finished(active, Kind.RESCAN)
    Alert.objects.filter(message=talked).update(state=Alert.State.CONFIRMED)
    draft = drafted("", cast, removed=("火星理财计划",))
    run = finished(draft)
    assert (run.vanished, run.lost) == (1, 1)
    with pytest.raises(BusinessError, match="知悉"):
        lexicon_activate(version=draft, actor=cast.officer_head)
    lexicon_activate(version=draft, actor=cast.officer_head, accepted=True)
    event = AuditEvent.objects.filter(action="lexicon.activate").latest("id")
    assert event.after["accepted_impact"] == [0, 1, 1]
    active.refresh_from_db()
    assert active.retired_at is not None


def test_a_rescan_keeps_both_decisions_and_raises_only_new_alerts(cast: Cast, talked: int) -> None:
    active = in_force("火星理财计划,off_book_sale,4\n", cast)
    run = lexicon_runs.lexicon_rescan(version=active, actor=cast.officer)
    assert lexicon_runs.lexicon_rescan(version=active, actor=cast.officer) == run
    finished(active, Kind.RESCAN)
    scans = MessageScan.objects.filter(message=talked).order_by("id")
    assert [scan.severity for scan in scans] == [None, 4]
    assert scans[1].lexicon_digest == active.digest
    assert Alert.objects.get().message_id == talked
    again = lexicon_runs.lexicon_rescan(version=active, actor=cast.officer)
    lexicon_runs.work(again.pk)
    assert MessageScan.objects.filter(message=talked).count() == 2
    assert Alert.objects.count() == 1


def test_a_killed_walk_goes_on_where_it_was(cast: Cast, talked: int, monkeypatch) -> None:
    monkeypatch.setattr(lexicon_runs, "_BATCH", 1)
    draft = drafted("火星理财计划,off_book_sale,4\n", cast)
    run = draft.runs.get()
    assert lexicon_runs.work(run.pk, seconds=0)
    run.refresh_from_db()
    assert (run.done, run.state, run.percent) == (1, State.RUNNING, 50)
    assert finished(draft).done == 2


def test_removed_words_must_exist(cast: Cast) -> None:
    with pytest.raises(lexicons.LexiconRefused) as caught:
        drafted("", cast, removed=("没有这个词",))
    assert "没有这个词" in caught.value.rows[0]


def test_versions_are_compared_by_group(cast: Cast) -> None:
    former = LexiconVersion.objects.get()
    later = drafted("火星理财计划,off_book_sale,4\n飞单,off_book_sale,2\n", cast, ("稳赚",))
    groups = dict(selectors.diff(former, later))
    names = {
        (c["term"].text, "删" if c["gone"] else "改" if c["former"] else "增")
        for changes in groups.values()
        for c in changes
    }
    assert names == {("火星理财计划", "增"), ("飞单", "改"), ("稳赚", "删")}
    assert set(groups) == {"飞单与行外产品", "承诺保本保收益"}


def test_the_pages_show_impact_progress_and_difference(
    cast: Cast, talked: int, sign_in: Callable[..., Client]
) -> None:
    former = LexiconVersion.objects.get()
    draft = drafted("火星理财计划,off_book_sale,4\n", cast)
    client = sign_in(cast.officer_head)
    page = client.get(f"/compliance/lexicons/{draft.pk}/").content.decode()
    assert "影响预览" in page and "every 2s" in page
    run = finished(draft)
    fragment = client.get(f"/compliance/lexicons/runs/{run.pk}/").content.decode()
    assert "已完成" in fragment and "every 2s" not in fragment
    assert (
        "火星理财计划"
        in client.get(f"/compliance/lexicons/{draft.pk}/diff/?other={former.pk}").content.decode()
    )


def test_a_walk_in_parts_finds_what_one_walk_finds(
    cast: Cast, chat: Chat, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Two workers in turn, one of them killed between its batch and the sum of the parts."""
    monkeypatch.setattr(lexicon_runs, "_BATCH", 2)
    settings.LEXICON_RUN_PROCESSES = 3
    to = befriend(cast.wang).external_userid
    for number in range(7):
        chat.say("alice", to, SAID if number % 3 == 0 else HARMLESS)
    chat.archive()
    active = in_force("火星理财计划,off_book_sale,4\n", cast)
    run = lexicon_runs.lexicon_rescan(version=active, actor=cast.officer)
    parts = list(run.parts.order_by("id"))
    assert len(parts) == 3
    assert [part.after for part in parts[1:]] == [part.last for part in parts[:-1]]
    assert lexicon_runs._step(run.pk)
    done = finished(active, Kind.RESCAN)
    assert (done.state, done.done, done.newly, len(done.samples["newly"])) == (State.DONE, 7, 3, 3)
    assert MessageScan.objects.filter(lexicon_digest=active.digest).count() == 7
    assert Alert.objects.count() == 3


def test_a_part_that_somebody_walks_is_left_to_him(
    transactional_db: None, cast: Cast, chat: Chat
) -> None:
    to = befriend(cast.wang).external_userid
    chat.say("alice", to, SAID)
    chat.archive()
    run = drafted("火星理财计划,off_book_sale,4\n", cast).runs.get()
    with transaction.atomic():
        assert LexiconRunPart.objects.select_for_update().get(run=run).after >= 0
        elsewhere: list[bool] = []
        thread = threading.Thread(target=_work_elsewhere, args=(run.pk, elsewhere))
        thread.start()
        thread.join()
    run.refresh_from_db()
    assert elsewhere == [False] and (run.state, run.done) == (State.RUNNING, 0)
    assert finished(run.version).done == 1


def _work_elsewhere(pk: int, answers: list[bool]) -> None:
    answers.append(lexicon_runs.work(pk))
    connection.close()
