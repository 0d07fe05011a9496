"""A corp's chats for benchmarks: ordinary talk of a few hundred friendships, really encrypted."""

import base64
import json
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

SEED = 20240607


def source(folder: Path, count: int, customers: int) -> Any:
    """The driver with `count` records waiting; its private key lies where the settings say."""
    from django.conf import settings

    from tests.factories import cast, compliance

    people = cast.make()
    rows = [
        cast.customer(people.alice, f"C1{n:07d}", f"客户{n}", unionid=None)
        for n in range(customers)
    ]
    friends = [cast.befriend(row).external_userid for row in rows]
    keys = folder / "keys"
    keys.mkdir()
    compliance.write_key(keys)
    settings.WECOM_ARCHIVE_KEYS_DIR = str(keys)
    chat = compliance.Chat()
    chat.rows = records(count, friends)
    return chat


def records(count: int, friends: list[str]) -> list[dict[str, Any]]:
    """Envelopes as WeCom gives them: a random key of its own each."""
    from tests.bench.lexicon import texts

    lines, rng = texts(), random.Random(SEED)
    jobs = [(n, rng.choice(friends), rng.choice(lines)) for n in range(count)]
    with ThreadPoolExecutor() as pool:
        return list(pool.map(_record, jobs, chunksize=200))


def _record(job: tuple[int, str, str]) -> dict[str, Any]:
    from cryptography.hazmat.primitives.asymmetric import padding

    from channels.sandbox import archive_cipher
    from tests.factories.compliance import PUBLIC_KEY

    n, friend, text = job
    from_staff = n % 2 == 0
    plain = {
        "msgid": f"{n:019d}_1700000000000_external",
        "action": "send",
        "from": "alice" if from_staff else friend,
        "tolist": [friend if from_staff else "alice"],
        "roomid": "",
        "msgtime": 1_700_000_000_000 + n * 1000,
        "msgtype": "text",
        "text": {"content": text},
    }
    random_key = f"random-key-{n:08d}-{SEED}"
    wrapped = PUBLIC_KEY.encrypt(random_key.encode(), padding.PKCS1v15())
    return {
        "seq": n + 1,
        "msgid": plain["msgid"],
        "publickey_ver": 1,
        "encrypt_random_key": base64.b64encode(wrapped).decode(),
        "encrypt_chat_msg": archive_cipher.encrypt(
            random_key, json.dumps(plain, ensure_ascii=False)
        ),
    }


def check(expected: int) -> int:
    """Every record is stored, sealed and scanned, or the figure would be worth nothing."""
    from compliance.archive import scan
    from compliance.models import ArchivedMessage, LogLeaf

    stored = ArchivedMessage.objects.count()
    assert stored == expected == LogLeaf.objects.filter(kind="message").count(), stored
    assert scan.unscanned().count() == 0
    return stored
