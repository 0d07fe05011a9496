"""The keyed chain over the archive: head = HMAC(seal key, previous head | leaf).

The leaf covers the raw envelope and every column of the message, so that no cell can be edited
without the chain showing it; the key is not in the database, so the chain cannot be rebuilt there.
"""

import datetime
import hashlib
import hmac
import json
from typing import Any

from django.conf import settings

from compliance.archive import locks
from compliance.models import ArchivedMessage, ArchiveEnvelope, Seal


def _sha256(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def raw_hash(envelope: ArchiveEnvelope) -> str:
    return _sha256(
        str(envelope.publickey_ver), envelope.encrypt_random_key, envelope.encrypt_chat_msg
    )


def message_hash(message: ArchivedMessage) -> str:
    """Hash over everything the archive says of a message, its plain JSON included."""
    stated = {
        "action": message.action,
        "body": message.body,
        "contact": message.contact_id,
        "conversation": message.conversation,
        "customer": message.customer_id,
        "error": message.error,
        "from_staff": message.from_staff,
        "msgid": message.msgid,
        "msgtype": message.msgtype,
        "recalls": message.recalls,
        "receivers": message.receivers,
        "room_id": message.room_id,
        "sender": message.sender,
        "sent_at": message.sent_at.astimezone(datetime.UTC).isoformat(),
        "text": message.text,
        "user": message.user_id,
    }
    return _sha256(canonical(stated))


def leaf_of(message: ArchivedMessage) -> str:
    envelope = message.envelope
    return _sha256(
        envelope.corp_id,
        str(envelope.seq),
        envelope.msgid,
        raw_hash(envelope),
        message_hash(message),
    )


def head_of(previous: str, leaf: str) -> str:
    return hmac.new(settings.SEAL_KEY.encode(), f"{previous}|{leaf}".encode(), "sha256").hexdigest()


def append(messages: list[ArchivedMessage]) -> None:
    """Seals messages in the given order, in the caller's transaction."""
    locks.until_commit(locks.SEAL)
    last = Seal.objects.order_by("-number").first()
    number, head = (last.number, last.head) if last else (0, "")
    links = []
    for message in messages:
        leaf = leaf_of(message)
        number, head = number + 1, head_of(head, leaf)
        links.append(Seal(number=number, message=message, leaf=leaf, head=head))
    Seal.objects.bulk_create(links)
