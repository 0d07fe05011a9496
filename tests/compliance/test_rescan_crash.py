"""kill -9 of rescans in the middle of their parts: others go on, and every message ends with exactly
one new decision and one leaf for it."""

from collections import Counter
from typing import Any

import pytest

from compliance import lexicon_runs, lexicons
from compliance.archive.verify.service import verify
from compliance.lexicon import Engine
from compliance.models import Alert, ArchivedMessage, LexiconRun, LogLeaf, MessageScan
from tests.factories import forks
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import Chat, refusing

pytestmark = pytest.mark.django_db(transaction=True)
COUNT, PARTS, BATCH = 26, 3, 4
NEW = "我给您推荐火星理财计划，周五说。"
UNREADABLE = "这一条扫描不了"
# Judged and not stored; stored and not sealed; sealed and not noted in the part; noted in the part
# and not in the run. Each at the first batch of a worker and at a later one.
POINTS = ("F6", "F7", "F19", "F20", "F20:2", "F19:2", "F7:2", "F6:2", "F6", "F20", "F7", "F19")


def _said(number: int) -> str:
    if number == 11:
        return UNREADABLE
    return NEW if number % 5 == 0 else f"第 {number} 条"


@pytest.fixture
def run(cast: Cast, chat: Chat, settings: Any, monkeypatch: pytest.MonkeyPatch) -> LexiconRun:
    """A rescan in three parts that nobody has begun; children inherit its engine."""
    monkeypatch.setattr(lexicon_runs, "_BATCH", BATCH)
    settings.LEXICON_RUN_PROCESSES = PARTS
    to = befriend(cast.wang).external_userid
    for number in range(COUNT):
        chat.say("alice", to, _said(number))
    chat.archive()
    draft = lexicons.lexicon_import_csv(
        text="火星理财计划,off_book_sale,4", note="", actor=cast.officer
    )
    active = lexicons.lexicon_activate(version=draft, actor=cast.officer_head)
    lexicons.forget()
    lexicons.engine_of(active)
    monkeypatch.setattr(Engine, "scan_many", refusing(UNREADABLE))
    return lexicon_runs.lexicon_rescan(version=active, actor=cast.officer)


def test_killed_rescans_leave_one_new_decision_and_one_leaf_each(run: LexiconRun) -> None:
    assert run.parts.count() == PARTS
    kills = sum(not forks.run(lambda: lexicon_runs.work(run.pk), point) for point in POINTS)
    # The last workers may find nothing left to die over.
    assert kills >= len(POINTS) - 2
    assert forks.run(lambda: lexicon_runs.work(run.pk))
    _assert_whole(run)
    assert forks.run(lambda: lexicon_runs.work(run.pk))
    _assert_whole(run)


def _assert_whole(run: LexiconRun) -> None:
    run.refresh_from_db()
    new = sum(_said(number) == NEW for number in range(COUNT))
    assert (run.state, run.total, run.done) == (LexiconRun.State.DONE, COUNT, COUNT)
    assert (run.newly, run.vanished, run.lost, run.unread) == (new, 0, 0, 1)
    made = Counter(MessageScan.objects.values_list("message_id", "lexicon_digest"))
    digests = Counter(digest for _, digest in made)
    assert set(made.values()) == {1}
    assert digests.pop(run.version.digest) == COUNT - 1
    assert list(digests.values()) == [COUNT]
    leaves = Counter(LogLeaf.objects.filter(kind="scan").values_list("ref", flat=True))
    assert leaves == Counter(MessageScan.objects.values_list("pk", flat=True))
    flagged = {message.pk for message in ArchivedMessage.objects.all() if message.text == NEW}
    assert set(Alert.objects.values_list("message_id", flat=True)) == flagged
    verdict = verify()
    assert verdict.ok, verdict.sentence
