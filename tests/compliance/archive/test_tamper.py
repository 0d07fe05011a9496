"""Random harm of every class is found and the exact row named; honest work raises no alarm.

The short run is part of `make test`; the long one (10,000 mutations, 1,000 honest runs) has the
chaos marker. TAMPER_RUNS and TAMPER_HONEST change its size, TAMPER_SEED what is drawn.
"""

import datetime
import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from compliance.alerts import alert_claim, alert_decide
from compliance.archive import media
from compliance.archive.log import anchors
from compliance.archive.log.append import append_event
from compliance.archive.log.purges import purge_note
from compliance.archive.verify.service import verify
from compliance.archive.verify.verdict import Verdict
from compliance.models import Alert, ArchivedMessage
from scrm.audit.services import record
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import RISKY, Chat, as_superuser, message_of
from tests.factories.tampering import HARMS, Expected, World
from tests.factories.tsa import Authority


@pytest.fixture
def authority(tmp_path: Path, settings: Any, socket_enabled: None) -> Iterator[Authority]:
    with Authority(tmp_path / "tsa") as running:
        settings.TSA_URL, settings.TSA_CA_PATH = running.url, str(running.ca)
        yield running


def talk(cast: Cast, chat: Chat, count: int) -> None:
    to = befriend(cast.wang).external_userid
    start = timezone.now() - datetime.timedelta(hours=5)
    for n in range(count):
        text = RISKY if n % 6 == 1 else f"第 {n} 条：您好 👋"
        at = start + datetime.timedelta(minutes=10 * n)
        chat.say("alice", to, text, at=at, msgid=f"w{len(chat.rows)}_external")
    taken_back = chat.rows[-2]["msgid"]
    recall = {"action": "recall", "msgtype": "revoke", "revoke": {"pre_msgid": taken_back}}
    chat.say("alice", to, "", msgid=f"r{len(chat.rows)}_external", at=timezone.now(), **recall)
    chat.archive()


def judge(cast: Cast) -> None:
    for alert in Alert.objects.order_by("pk"):
        Alert.objects.filter(pk=alert.pk).update(severity=2)
        alert_claim(alert=alert, actor=cast.officer_head)
        alert_decide(alert=alert, decision="confirm", reason="承诺保本", actor=cast.officer_head)


def purge(cast: Cast, message: ArchivedMessage) -> None:
    purge_note(
        messages=[message],
        requested_by=cast.officer.pk,
        approved_by=cast.officer_head.pk,
        reason="保存期满",
    )
    as_superuser("UPDATE compliance_archivedmessage SET content = '' WHERE id = %s", message.pk)
    as_superuser(
        "UPDATE compliance_archiveenvelope SET encrypt_random_key = '', encrypt_chat_msg = ''"
        " WHERE id = %s",
        message.envelope_id,
    )


@pytest.fixture
def world(
    cast: Cast, chat: Chat, anchor_file: Path, authority: Authority, tmp_path: Path, settings: Any
) -> World:
    settings.BLOB_DIR = str(tmp_path / "blobs")
    to = befriend(cast.zhao).external_userid
    chat.send_file("amy", to, b"first file" * 40)
    chat.send_file("amy", to, b"second file" * 50)
    talk(cast, chat, 12)
    assert media.fetch(chat) == 2
    judge(cast)
    anchors.anchor()
    yesterday = anchors.tree.size()
    for n in range(230):
        append_event("test.note", n=n, text="备注")
    record("archive.view", actor=cast.officer, reason="核查")
    purge(cast, message_of(chat.rows[5]))
    anchors.anchor()
    made = World(anchor_file, tmp_path / "blobs", yesterday)
    made.load()
    # What was purged has nothing left to tamper with in body and envelope.
    gone = message_of(chat.rows[5]).pk
    made.leaves = [leaf for leaf in made.leaves if (leaf.kind, leaf.ref) != ("message", gone)]
    assert verify().ok, verify().faults
    return made


def named(verdict: Verdict, expected: Expected) -> bool:
    if isinstance(expected, str):
        return any(expected in fault.sentence for fault in verdict.faults)
    return expected in {fault.index for fault in verdict.faults}


def harm_once(world: World, name: str, seed: str) -> str:
    """What went wrong, or "" when the harm was found and named; nothing of it stays."""
    kept, rng = world.files(), random.Random(seed)
    try:
        with transaction.atomic():
            expected = HARMS[name](world, rng)
            verdict = verify()
            transaction.set_rollback(True)
    finally:
        for path, data in kept.items():
            path.write_bytes(data)
    if verdict.ok:
        return f"{name} {seed}: not found"
    if not named(verdict, expected):
        return f"{name} {seed}: {expected!r} is not named: {verdict.faults[:3]}"
    return ""


def harms(world: World, runs: int, seed: int) -> Counter[str]:
    done: Counter[str] = Counter()
    wrong = []
    for n in range(runs):
        name = list(HARMS)[n % len(HARMS)]
        wrong.append(harm_once(world, name, f"{seed}/{n}"))
        done[name] += 1
    failures = [text for text in wrong if text]
    assert not failures, f"{len(failures)} of {runs}: " + "\n".join(failures[:20])
    return done


def honest(world: World, cast: Cast, chat: Chat, runs: int, seed: int) -> int:
    """Random honest work, verified after each step; returns the number of false alarms."""
    rng, alarms = random.Random(seed), []
    to = f"wm{cast.zhao.number}"
    for n in range(runs):
        match rng.randrange(5):
            case 0:
                chat.say("amy", to, f"您好 {n}", msgid=f"h{n}_external")
                chat.archive()
            case 1:
                record("archive.view", actor=cast.officer, after={"页": n, "比例": 0.5})
            case 2:
                anchors.anchor()
            case 3:
                append_event("test.note", n=n)
            case _:
                record("lexicon.create", actor=cast.officer, reason="新增词条 " * rng.randrange(9))
        verdict = verify(start=rng.choice([0, 0, 256]))
        if not verdict.ok:
            alarms.append(verdict.sentence)
    assert not alarms, alarms[:5]
    return len(alarms)


def test_there_are_enough_classes_of_harm() -> None:
    assert len(HARMS) >= 16


def test_harm_is_found_and_named(world: World) -> None:
    harms(world, 8 * len(HARMS), seed=1)
    assert verify().ok


def test_honest_work_raises_no_alarm(world: World, cast: Cast, chat: Chat) -> None:
    assert honest(world, cast, chat, 25, seed=1) == 0


@pytest.mark.chaos
def test_ten_thousand_harms_and_a_thousand_honest_runs(
    world: World, cast: Cast, chat: Chat
) -> None:
    seed = int(os.environ.get("TAMPER_SEED", "20261123"))
    runs = int(os.environ.get("TAMPER_RUNS", "10000"))
    done = harms(world, runs, seed)
    quiet = int(os.environ.get("TAMPER_HONEST", "1000"))
    false = honest(world, cast, chat, quiet, seed)
    print(
        json.dumps(
            {
                "mutations": runs,
                "classes": len(done),
                "found_and_named": runs,
                "honest_runs": quiet,
                "false_alarms": false,
                "seed": seed,
            }
        )
    )
