"""Full verification of an archive beside the bare hashing of one core.

BENCH_MESSAGES messages (1,000,000 unless told), each with its envelope, encrypted body, scan result
and two leaves. The peer is the bare hashing that the leaves and tree nodes of one message and its
scan need, both SHA-256 and SM3, without database, decryption or JSON.
"""

import datetime
import hashlib
import json
import os
import random
import time
from typing import Any

from tests.bench._bank import bank
from tests.bench.archive import cpu_seconds

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "1000000"))
_BATCH = 5000
_START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
_RAW = 344 + 520
_SAMPLE = 20_000


def run() -> list[dict[str, Any]]:
    with bank() as folder:
        os.environ["ANCHOR_PATH"] = str(folder / "anchors.jsonl")
        from django.conf import settings

        settings.ANCHOR_PATH = os.environ["ANCHOR_PATH"]
        began = time.perf_counter()
        _fill(MESSAGES)
        return _measure(time.perf_counter() - began)


def _measure(filled: float) -> list[dict[str, Any]]:
    from compliance.archive.log import anchors
    from compliance.archive.log.append import append_event
    from compliance.archive.verify.service import verify

    before, used = _bare(), cpu_seconds()
    began = time.perf_counter()
    verdict = verify()
    took, used = time.perf_counter() - began, cpu_seconds() - used
    assert verdict.ok, verdict.sentence
    assert (verdict.messages, verdict.unproven) == (MESSAGES, 0)
    bare = (before + _bare()) / 2
    append_event("bench.later")
    anchors.anchor()
    began = time.perf_counter()
    assert verify(start=verdict.anchored).ok
    later = time.perf_counter() - began
    full = {
        "name": "verify",
        "value": round(took, 1),
        "unit": f"s for {MESSAGES:,} messages with their scans ({verdict.size:,} leaves)",
        "messages_per_s": round(MESSAGES / took),
        "seconds_for_1M": round(took * 1_000_000 / MESSAGES, 1),
        # Python and PostgreSQL together; what a quiet machine of two cores would need is half.
        "cpu_seconds_for_1M": round(used * 1_000_000 / MESSAGES, 1),
        "peer": {"name": "bare hashing of one core, messages/s", "value": round(bare)},
        "ratio_per_core": round(MESSAGES / took / bare / 2, 3),
        "fill_s": round(filled),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }
    part = {
        "name": "verify_incremental",
        "value": round(later, 2),
        "unit": "s after the last anchor",
    }
    return [full, part]


def _fill(count: int) -> None:
    from django.db import connection

    from compliance.archive.log import anchors

    rng = random.Random(7)
    for first in range(0, count, _BATCH):
        _store(range(first, min(first + _BATCH, count)), rng)
        if first % (20 * _BATCH) == 0:
            anchors.anchor()
    anchors.anchor()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _store(numbers: range, rng: random.Random) -> None:
    from compliance.archive.log.append import append_messages, append_scans
    from compliance.models import ArchiveEnvelope, MessageScan
    from scrm.core import bulk

    filler = rng.randbytes(_RAW).hex()
    envelopes = [
        ArchiveEnvelope(
            corp_id="bench",
            seq=n + 1,
            msgid=f"{n}_external",
            publickey_ver=1,
            encrypt_random_key=f"{n:08d}{filler[:336]}",
            encrypt_chat_msg=f"{n:08d}{filler[400:912]}",
        )
        for n in numbers
    ]
    bulk.copy_in(envelopes)
    messages = [_message(n, row) for n, row in zip(numbers, envelopes, strict=True)]
    bulk.copy_in(messages)
    append_messages(messages)
    scans = [
        MessageScan(
            message_id=message.pk,
            engine_version="1",
            lexicon_version="v1",
            lexicon_digest=hashlib.sha256(b"v1").hexdigest(),
        )
        for message in messages
    ]
    append_scans(bulk.insert_new(scans, key="message_id"))


def _message(n: int, envelope: Any) -> Any:
    from compliance.models import ArchivedMessage

    text = f"第 {n} 条：您好，周六上午九点到下午四点营业，请带上身份证件，来之前可以先给我发消息预约，谢谢。"
    plain = {
        "msgid": envelope.msgid,
        "action": "send",
        "from": "rm1",
        "tolist": ["wmABCDEFGHIJKLMNOP"],
        "roomid": "",
        "msgtime": 1_700_000_000_000 + n,
        "msgtype": "text",
        "text": {"content": text},
    }
    return ArchivedMessage(
        envelope=envelope,
        msgid=envelope.msgid,
        action="send",
        msgtype="text",
        sender="rm1",
        receivers=["wmABCDEFGHIJKLMNOP"],
        sent_at=_START + datetime.timedelta(seconds=n),
        from_staff=True,
        conversation=f"rm1|wm{n % 20_000}",
        body=json.dumps(plain, ensure_ascii=False),
        text=text,
    )


def _bare() -> float:
    """Messages/s of one thread's CPU: envelope, content, two leaves, two nodes, in both hashes."""
    raw, content, leaf, scan, node = (os.urandom(n) for n in (_RAW + 20, 480, 720, 300, 65))
    began = time.thread_time()
    for _ in range(_SAMPLE):
        for data in (raw, content, leaf, scan, node, node):
            hashlib.sha256(data).digest()
            hashlib.new("sm3", data).digest()
    return _SAMPLE / (time.thread_time() - began)
