"""An archive of any size, quickly: messages and index entries without the work of ingest."""

import datetime
import random
from typing import Any

_BATCH = 5000
_SEED = 20240607
_STAFF = 50
_START = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


def fill(count: int) -> tuple[Any, list[str]]:
    """Stores `count` messages of 50 employees of the officer's branch; returns cast and texts."""
    from tests.factories import cast

    people = cast.make()
    staff = [cast.user(f"rm{n}", f"员工{n}", "rm", people.dongcheng) for n in range(_STAFF)]
    texts = _texts()
    rng = random.Random(_SEED)
    for first in range(0, count, _BATCH):
        _store(range(first, min(first + _BATCH, count)), staff, texts, rng)
    return people, texts


def _texts() -> list[str]:
    from tests.bench import lexicon

    return lexicon.texts()


def _store(numbers: range, staff: list[Any], texts: list[str], rng: random.Random) -> None:
    from compliance.archive import index
    from compliance.models import ArchivedMessage, ArchiveEnvelope
    from scrm.core import bulk

    envelopes = [ArchiveEnvelope(corp_id="bench", seq=n + 1, publickey_ver=1) for n in numbers]
    bulk.copy_in(envelopes)
    messages = [
        ArchivedMessage(
            envelope_id=envelope.pk,
            msgid=f"{n}_external",
            action="send",
            msgtype="text",
            sender="rm",
            receivers=["wm"],
            sent_at=_START + datetime.timedelta(seconds=30 * n),
            from_staff=rng.random() < 0.5,
            user_id=rng.choice(staff).pk,
            conversation=f"c{rng.randrange(20_000)}",
            body="{}",
            text=_mixed(texts, rng),
        )
        for n, envelope in zip(numbers, envelopes, strict=True)
    ]
    bulk.copy_in(messages)
    bulk.insert_new([index.entry(message) for message in messages])


def _mixed(texts: list[str], rng: random.Random) -> str:
    """Halves of two ordinary messages: the texts of a million messages are not two thousand."""
    first, second = rng.choice(texts), rng.choice(texts)
    cut = rng.randrange(20, 40)
    return first[:cut] + second[cut:]
