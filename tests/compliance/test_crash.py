"""kill -9 at the named points: after a restart nothing is missing, doubled, unproven or purged.

Each case runs the stages in child processes over the test's own database. The first child dies at
its fault point, really killed; the next one is the restart. test_faults.py has the points at which
something other than the process fails.
"""

import datetime
import json
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from compliance import lexicons, rotation
from compliance.archive import blobs, decode, index, pull, rounds, scan
from compliance.archive.log import anchors
from compliance.archive.verify.service import verify
from compliance.evidence import services as evidence
from compliance.keeping import holds, purges
from compliance.models import (
    Alert,
    ArchivedMedia,
    ArchivedMessage,
    ArchiveEnvelope,
    EvidencePackage,
    LexiconVersion,
    LogAnchor,
    LogLeaf,
    MessageIndex,
    MessageScan,
)
from compliance.selectors.search import Query
from contacts.models import Customer
from scrm.core.actors import SYSTEM
from tests.compliance.test_keeping import _old
from tests.factories import forks
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import RISKY, Chat

pytestmark = pytest.mark.django_db(transaction=True)
SWEPT = {"F1": 1, "F2": 1, "F3": 1, "F6": 1, "F7": 1, "F8": 1, "F9": 1}
FETCHED = {"F4": 1, "F5": 1}
POINTS = SWEPT | FETCHED


@pytest.fixture
def bank(cast: Cast, chat: Chat, settings: Any, tmp_path: Path, monkeypatch: Any) -> Chat:
    settings.BLOB_DIR = str(tmp_path / "blobs")
    monkeypatch.setattr(rounds, "archive_sdk", lambda: chat)
    # Children inherit what is in memory: the engine and the tables that it reads at its first texts.
    for text in (RISKY, "第 0 条"):
        lexicons.active_engine().scan(text)
    chat.chunk = 100
    chat.to = befriend(cast.wang).external_userid  # type: ignore[attr-defined]
    _speak(chat, chat.to)  # type: ignore[attr-defined]
    return chat


def _speak(chat: Chat, to: str) -> None:
    """Five messages, one of them a violation, and a picture."""
    for n in range(5):
        chat.say("alice", to, RISKY if n == 2 else f"第 {n} 条")
    chat.send_file("alice", to, b"picture" * 50)


def _all_stages() -> None:
    rounds.sweep()
    rounds.fetch_media()


def _assert_whole(chat: Chat, rounds_: int = 1) -> None:
    """Everything that the source has is here once, scanned, findable, alerted and proven."""
    seqs = list(ArchiveEnvelope.objects.order_by("seq").values_list("seq", flat=True))
    assert seqs == [row["seq"] for row in chat.rows]
    count = 6 * rounds_
    assert ArchivedMessage.objects.count() == MessageScan.objects.count() == count
    assert MessageIndex.objects.count() == count
    assert LogLeaf.objects.filter(kind="message").count() == count
    assert Alert.objects.count() == rounds_
    for row in ArchivedMedia.objects.all():
        assert b"".join(blobs.store().open(row.sha256)) == b"picture" * 50
    _assert_proven()


def _assert_proven() -> None:
    verdict = verify()
    assert verdict.ok, verdict.sentence


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_loses_and_doubles_nothing(bank: Chat, point: str) -> None:
    assert not forks.run(_all_stages, point)
    ArchivedMedia.objects.filter(state="fetching").update(claimed_at=_old(1))
    assert forks.run(_all_stages)
    _assert_whole(bank)


@pytest.mark.chaos
def test_a_thousand_kills_lose_and_double_nothing(bank: Chat, cast: Cast) -> None:
    """At any point, at its first to third pass, with new messages before each run. In random order:
    one after the other, a point may find its work always done by the run that the last one killed.

    CRASH_KILLS changes the number; after each hundred everything is checked and said."""
    to, wanted, said = befriend(cast.li).external_userid, _kills_wanted(), 1
    kills: Counter[str] = Counter()
    points = [f"{name}:{nth}" for nth in (1, 1, 1, 2, 3) for name in POINTS]
    rng = random.Random(20261123)
    while kills.total() < wanted:
        _speak(bank, to)
        said += 1
        point = rng.choice(points)
        if not forks.run(_all_stages, point):
            kills[point.partition(":")[0]] += 1
            if kills.total() % 100 == 0 or kills.total() == wanted:
                _assert_whole_again(bank, said)
                print(json.dumps({"kills": kills, "messages": 6 * said}), flush=True)
        ArchivedMedia.objects.filter(state="fetching").update(claimed_at=_old(1))
    assert kills.keys() == POINTS.keys()


def _assert_whole_again(bank: Chat, said: int) -> None:
    ArchivedMedia.objects.filter(state="fetching").update(claimed_at=_old(1))
    assert forks.run(_all_stages)
    _assert_whole(bank, said)


def _kills_wanted() -> int:
    return int(os.environ.get("CRASH_KILLS", "1000"))


def test_a_kill_around_an_anchor_leaves_the_log_anchored_once(bank: Chat) -> None:
    """F10, before the line is in the file and after it."""
    assert forks.run(rounds.sweep)
    assert not forks.run(anchors.anchor, "F10:1")
    assert (LogAnchor.objects.count(), anchors.path().exists()) == (0, False)
    # What no anchor covers is said to be unproven, never to be fine.
    assert verify().unproven == LogLeaf.objects.count()
    assert not forks.run(anchors.anchor, "F10:2")
    assert (LogAnchor.objects.count(), len(anchors.path().read_text().splitlines())) == (0, 1)
    assert forks.run(anchors.anchor)
    assert (LogAnchor.objects.count(), len(anchors.path().read_text().splitlines())) == (1, 1)
    _assert_proven()
    assert verify().unproven == 0


def test_a_kill_in_a_purge_keeps_the_hold_and_the_tree(
    cast: Cast, chat: Chat, settings: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    settings.BLOB_DIR = str(tmp_path / "blobs")
    monkeypatch.setattr(rounds, "archive_sdk", lambda: chat)
    to, other = (befriend(row).external_userid for row in (cast.wang, cast.zhao))
    for n in range(3):
        chat.say("alice", to, f"旧 {n}", at=_old(6))
        chat.say("amy", other, f"保全 {n}", at=_old(6))
    assert forks.run(rounds.sweep)
    request = purges.purge_propose(reason="到期", actor=cast.officer_head)
    purges.purge_decide(request=request, approve=True, decision="同意", actor=cast.hq)
    holds.hold_place(matter="案", reason="r", actor=cast.hq, customer=cast.zhao)
    assert not forks.run(purges.purges_run, "F12")
    assert not ArchivedMessage.objects.filter(content="").exists()
    assert forks.run(purges.purges_run)
    blank = set(ArchivedMessage.objects.filter(content="").values_list("customer", flat=True))
    assert blank == {cast.wang.pk}
    assert ArchivedMessage.objects.filter(content="").count() == 3
    _assert_proven()


def test_a_rotation_killed_three_times_loses_nothing(
    bank: Chat, settings: Any, monkeypatch: Any
) -> None:
    assert forks.run(rounds.sweep)
    texts = [m.text for m in ArchivedMessage.objects.order_by("id")]
    phones = [c.phone for c in Customer.objects.order_by("id")]
    settings.FIELD_KEYS = keys = ["k2:" + "A" * 43 + "=", *settings.FIELD_KEYS]
    monkeypatch.setattr(rotation, "_BATCH", 2)
    for fault in ("F11:1", "F11:2", "F11:3", ""):
        assert forks.run(lambda: rotation.rotate(actor=SYSTEM), fault) == (not fault)
    # The old key is gone for good now.
    settings.FIELD_KEYS = keys[:1]
    assert [m.text for m in ArchivedMessage.objects.order_by("id")] == texts
    assert [c.phone for c in Customer.objects.order_by("id")] == phones
    assert verify().ok


def test_a_kill_in_an_export_leaves_no_half_package(
    bank: Chat, cast: Cast, settings: Any, tmp_path: Path
) -> None:
    """F13: the zip lies there in part; the sweeper builds it anew, and only that one is given out."""
    settings.EVIDENCE_DIR = str(tmp_path / "evidence")
    assert forks.run(rounds.sweep)
    row = evidence.evidence_request_search(
        query=Query(words="保本"), reason="监管函", actor=cast.officer
    )
    assert not forks.run(lambda: evidence.evidence_build(row.pk), "F13")
    row.refresh_from_db()
    assert row.state == EvidencePackage.State.BUILDING
    (left,) = (tmp_path / "evidence").iterdir()
    assert left.suffix == ".part"
    EvidencePackage.objects.update(started_at=_old(0))
    assert forks.run(evidence.sweep)
    row.refresh_from_db()
    assert row.state == EvidencePackage.State.READY, row.error
    assert evidence.evidence_file(package=row, actor=cast.officer).stat().st_size == row.size
    _assert_proven()


@pytest.mark.parametrize("nth", [1, 2])
def test_a_kill_in_a_lexicon_swap_leaves_the_former_in_force(
    bank: Chat, cast: Cast, nth: int
) -> None:
    """F14, while the new one is being built and between retiring the old and raising the new."""
    draft = lexicons.lexicon_import_csv(
        text="土星理财计划,off_book_sale,4", note="", actor=cast.officer
    )
    before = lexicons.active_version()
    assert not forks.run(_activation(draft, cast), f"F14:{nth}")
    assert lexicons.active_version() == before
    assert LexiconVersion.objects.get(pk=draft.pk).state == LexiconVersion.State.DRAFT
    assert forks.run(_all_stages)
    assert forks.run(_activation(draft, cast))
    assert lexicons.active_version() == draft
    bank.say("alice", befriend(cast.zhao).external_userid, "土星理财计划还有份额")
    # A worker asks once a second which version is in force; the child has its parent's last answer.
    lexicons.forget()
    assert forks.run(rounds.sweep)
    # No message between the two was left unscanned, and the last one met the new word.
    assert not scan.unscanned().exists()
    assert Alert.objects.count() == 2
    _assert_proven()


def _activation(draft: LexiconVersion, cast: Cast) -> Callable[[], object]:
    return lambda: lexicons.lexicon_activate(version=draft, actor=cast.officer_head)


def test_a_clock_that_jumps_back_loses_nothing(bank: Chat) -> None:
    """F18: half is taken in now, half ten minutes earlier by the clock."""
    rows, bank.rows = bank.rows, bank.rows[:3]
    bank.archive()
    bank.rows = rows
    with time_machine.travel(timezone.now() - datetime.timedelta(minutes=10), tick=False):
        pull.pull(bank)
        decode.decode(bank, decode.waiting())
        scan.scan(scan.unscanned())
        index.index(index.unindexed())
    assert ArchivedMessage.objects.count() == LogLeaf.objects.filter(kind="message").count() == 6
    assert Alert.objects.count() == 1
    _assert_proven()
