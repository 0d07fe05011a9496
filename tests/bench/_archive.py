"""An archive of any size, quickly: rows as ingest leaves them, without the work of ingest.

Each message has its envelope, its sealed content, its entry in the index, its scan result and
two leaves of the log; the log is anchored as it grows.
"""

import datetime
import hashlib
import json
import random
from typing import Any

_BATCH = 5000
_SEED = 20240607
_STAFF = 50
_START = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
# Characters of base64 that WeCom sends a text message in.
_RANDOM_KEY, _CHAT_MSG = 344, 520


def filled(count: int) -> Any:
    """An archive of `count` messages, filled unless it is there; returns the officer who reads."""
    from compliance.models import ArchivedMessage
    from scrm.accounts.models import User

    stored = ArchivedMessage.objects.count()
    if stored not in (0, count):
        raise ValueError(f"BENCH_STORE holds {stored} messages, not {count}.")
    return User.objects.get(username="officer") if stored else fill(count).officer


def fill(count: int, *, scanned: bool = True) -> Any:
    """Stores `count` messages of 50 employees of the officer's branch; returns the cast."""
    from django.db import connection

    from compliance.archive.log import anchors
    from tests.factories import cast

    people = cast.make()
    staff = [cast.user(f"rm{n}", f"员工{n}", "rm", people.dongcheng) for n in range(_STAFF)]
    pieces, rng = texts(), random.Random(_SEED)
    for first in range(0, count, _BATCH):
        numbers = range(first, min(first + _BATCH, count))
        _store(numbers, staff, pieces, rng, scanned=scanned)
        if first % (20 * _BATCH) == 0:
            anchors.anchor()
    anchors.anchor()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    return people


def texts() -> list[str]:
    """What the messages are made of."""
    from tests.bench import lexicon

    return lexicon.texts()


def _store(
    numbers: range, staff: list[Any], pieces: list[str], rng: random.Random, *, scanned: bool
) -> None:
    from compliance.archive import index
    from compliance.archive.log.append import append_messages, append_scans
    from compliance.models import MessageIndex
    from scrm.core import bulk

    envelopes = _envelopes(numbers, rng)
    bulk.copy_in(envelopes)
    messages = [
        _message(n, envelope, rng.choice(staff).pk, _mixed(pieces, rng), rng)
        for n, envelope in zip(numbers, envelopes, strict=True)
    ]
    bulk.copy_in(messages)
    append_messages(messages)
    bulk.copy_columns(MessageIndex, index.columns(messages))
    if scanned:
        append_scans(_scans(messages))


def _envelopes(numbers: range, rng: random.Random) -> list[Any]:
    from django.utils import timezone

    from compliance.models import ArchiveEnvelope

    # One time for all, as of one pull.
    filler, now = rng.randbytes(_RANDOM_KEY + _CHAT_MSG).hex(), timezone.now()
    return [
        ArchiveEnvelope(
            corp_id="bench",
            seq=n + 1,
            msgid=f"{n}_external",
            publickey_ver=1,
            encrypt_random_key=f"{n:08d}{filler[8:_RANDOM_KEY]}",
            encrypt_chat_msg=f"{n:08d}{filler[_RANDOM_KEY + 8 : _RANDOM_KEY + _CHAT_MSG]}",
            received_at=now,
        )
        for n in numbers
    ]


def _message(n: int, envelope: Any, user: int, text: str, rng: random.Random) -> Any:
    from compliance.models import ArchivedMessage
    from compliance.models.content import Content

    plain = {
        "msgid": envelope.msgid,
        "action": "send",
        "from": "rm",
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
        sender="rm",
        receivers=plain["tolist"],
        sent_at=_START + datetime.timedelta(seconds=30 * n),
        from_staff=rng.random() < 0.5,
        user_id=user,
        conversation=f"c{rng.randrange(20_000)}",
        content=Content.of(json.dumps(plain, ensure_ascii=False), text),
    )


def _scans(messages: list[Any]) -> list[Any]:
    from django.utils import timezone

    from compliance.models import MessageScan
    from scrm.core import bulk

    digest, now = hashlib.sha256(b"v1").hexdigest(), timezone.now()
    scans = [
        MessageScan(
            message_id=message.pk,
            engine_version="1",
            lexicon_version="v1",
            lexicon_digest=digest,
            at=now,
        )
        for message in messages
    ]
    bulk.copy_in(scans)
    return scans


def _mixed(pieces: list[str], rng: random.Random) -> str:
    """Halves of two ordinary messages: the texts of a million messages are not two thousand."""
    first, second = rng.choice(pieces), rng.choice(pieces)
    cut = rng.randrange(20, 40)
    return first[:cut] + second[cut:]
