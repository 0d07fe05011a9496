"""kill -9 at the named points: after a restart nothing is missing, doubled, unproven or purged.

Each case runs the stages in child processes over the test's own database. The first child dies at
its fault point, really killed; the next one is the restart.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from compliance.archive import blobs
from compliance.archive.verify.service import verify
from compliance.keeping import holds, purges
from compliance.models import (
    Alert,
    ArchivedMedia,
    ArchivedMessage,
    ArchiveEnvelope,
    LogLeaf,
    MessageIndex,
    MessageScan,
)
from contacts.models import Customer
from tests.compliance.test_keeping import _old
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import RISKY, Chat

ROOT = Path(__file__).resolve().parents[2]
CHILD = """
import json, os, sys
import django
from django.conf import settings
django.setup()
given = json.loads(sys.stdin.read())
settings.DATABASES["default"].update(NAME=given["database"])
from django.db import connections
connections["default"].settings_dict["NAME"] = given["database"]
settings.BLOB_DIR, settings.WECOM_ARCHIVE_KEYS_DIR = given["blobs"], given["keys"]
from compliance.archive import rounds
from compliance.keeping import purges
from tests.factories.compliance import Chat
chat = Chat()
chat.rows, chat.chunk = given["rows"], 100
chat.files = {name: bytes.fromhex(data) for name, data in given["files"].items()}
rounds.archive_sdk = lambda: chat
for step in given["steps"]:
    {"sweep": rounds.sweep, "media": rounds.fetch_media, "purge": purges.purges_run}[step]()
"""
POINTS = {
    **{name: ["sweep"] for name in ("F1", "F2", "F3", "F6", "F7", "F8", "F9")},
    **{name: ["sweep", "media"] for name in ("F4", "F5")},
}


def _child(chat: Chat, settings: Any, steps: list[str], fault: str = "") -> int:
    import json

    name = connection.settings_dict["NAME"]
    given = {
        "database": name,
        "blobs": settings.BLOB_DIR,
        "keys": settings.WECOM_ARCHIVE_KEYS_DIR,
        "rows": chat.rows,
        "files": {name: data.hex() for name, data in chat.files.items()},
        "steps": steps,
    }
    environment = {**os.environ, "SCRM_FAULT": fault, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps(given).encode(),
        env=environment,
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr.decode()[-2000:]
    return done.returncode


@pytest.fixture
def bank(cast: Cast, chat: Chat, settings: Any, tmp_path: Path) -> Chat:
    settings.BLOB_DIR = str(tmp_path / "blobs")
    to = befriend(cast.wang).external_userid
    for n in range(5):
        chat.say("alice", to, RISKY if n == 2 else f"第 {n} 条")
    chat.send_file("alice", to, b"picture" * 50)
    return chat


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_loses_and_doubles_nothing(bank: Chat, settings: Any, point: str) -> None:
    assert _child(bank, settings, POINTS[point], point) == -signal.SIGKILL
    ArchivedMedia.objects.filter(state="fetching").update(claimed_at=_old(1))
    assert _child(bank, settings, ["sweep", "media"]) == 0
    seqs = list(ArchiveEnvelope.objects.order_by("seq").values_list("seq", flat=True))
    assert seqs == [row["seq"] for row in bank.rows]
    assert ArchivedMessage.objects.count() == MessageScan.objects.count() == 6
    assert MessageIndex.objects.count() == 6
    assert LogLeaf.objects.filter(kind="message").count() == 6
    assert Alert.objects.count() == 1
    row = ArchivedMedia.objects.get()
    assert b"".join(blobs.store().open(row.sha256)) == b"picture" * 50
    verdict = verify()
    assert verdict.ok, verdict.sentence


@pytest.mark.django_db(transaction=True)
def test_a_kill_in_a_purge_keeps_the_hold_and_the_tree(
    cast: Cast, chat: Chat, settings: Any, tmp_path: Path
) -> None:
    settings.BLOB_DIR = str(tmp_path / "blobs")
    to, other = (befriend(row).external_userid for row in (cast.wang, cast.zhao))
    for n in range(3):
        chat.say("alice", to, f"旧 {n}", at=_old(6))
        chat.say("amy", other, f"保全 {n}", at=_old(6))
    assert _child(chat, settings, ["sweep"]) == 0
    request = purges.purge_propose(reason="到期", actor=cast.officer_head)
    purges.purge_decide(request=request, approve=True, decision="同意", actor=cast.hq)
    holds.hold_place(matter="案", reason="r", actor=cast.hq, customer=cast.zhao)
    assert _child(chat, settings, ["purge"], "F12") == -signal.SIGKILL
    assert not ArchivedMessage.objects.filter(body="").exists()
    assert _child(chat, settings, ["purge"]) == 0
    blank = set(ArchivedMessage.objects.filter(body="").values_list("customer", flat=True))
    assert blank == {cast.wang.pk}
    assert ArchivedMessage.objects.filter(body="").count() == 3
    verdict = verify()
    assert verdict.ok, verdict.sentence


ROTATE = """
import json, sys
import django
from django.conf import settings
django.setup()
given = json.loads(sys.stdin.read())
from django.db import connections
connections["default"].settings_dict["NAME"] = given["database"]
settings.FIELD_KEYS = given["keys"]
from compliance import rotation
rotation._BATCH = 2
from scrm.core.actors import SYSTEM
rotation.rotate(actor=SYSTEM)
"""


@pytest.mark.django_db(transaction=True)
def test_a_rotation_killed_three_times_loses_nothing(bank: Chat, settings: Any) -> None:
    import json

    assert _child(bank, settings, ["sweep"]) == 0
    texts = [m.text for m in ArchivedMessage.objects.order_by("id")]
    phones = [c.phone for c in Customer.objects.order_by("id")]
    keys = ["k2:" + "A" * 43 + "=", *settings.FIELD_KEYS]
    given = json.dumps({"database": connection.settings_dict["NAME"], "keys": keys}).encode()
    for fault in ("F11:1", "F11:2", "F11:3", ""):
        done = subprocess.run(
            [sys.executable, "-c", ROTATE],
            input=given,
            env={**os.environ, "SCRM_FAULT": fault, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            check=False,
            capture_output=True,
        )
        assert done.returncode == (-signal.SIGKILL if fault else 0), done.stderr.decode()[-2000:]
    # The old key is gone for good now.
    settings.FIELD_KEYS = keys[:1]
    assert [m.text for m in ArchivedMessage.objects.order_by("id")] == texts
    assert [c.phone for c in Customer.objects.order_by("id")] == phones
    assert verify().ok


@pytest.mark.django_db(transaction=True)
def test_a_clock_that_jumps_back_loses_nothing(bank: Chat, settings: Any) -> None:
    """F18: half is taken in now, half ten minutes earlier by the clock."""
    import datetime

    import time_machine
    from django.utils import timezone

    from compliance.archive import decode, index, pull, scan

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
    verdict = verify()
    assert verdict.ok, verdict.sentence
