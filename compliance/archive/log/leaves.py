"""What each kind of leaf hashes, from plain values: the one place that appending, verification and
evidence share. No database.

A leaf's data is canonical JSON that begins with its time: {"at":…,"facts":{…},"kind":…}. A message
has two hashes more: "raw" over the envelope as it came, "content" over a salt, the plain record and
its text. So the rest can still be checked after a purge has blanked body and envelope.
"""

import json.encoder
from typing import NamedTuple

from compliance.archive.log.canonical import canonical, encoded
from compliance.archive.log.merkle import SHA256, SM3

# What follows {"at":"…", in a leaf's data, for SHA-256 and for SM3.
Tails = tuple[str, str]
Hashes = tuple[bytes, bytes]
_quoted = json.encoder.encode_basestring


class MessageFacts(NamedTuple):
    """One archived message and its envelope; times as canonical moments, receivers as JSON."""

    action: str
    contact: int | None
    conversation: str
    corp: str
    customer: int | None
    envelope: str
    error: str
    from_staff: bool
    msgid: str
    msgtype: str
    recalls: str
    received_at: str
    receivers: str
    room_id: str
    sender: str
    sent_at: str
    seq: int
    user: int | None


def _id(value: int | None) -> str:
    return "null" if value is None else str(value)


def message_json(m: MessageFacts) -> str:
    """Canonical JSON of the facts; written out because verification does it a million times."""
    return (
        f'{{"action":{_quoted(m.action)},"contact":{_id(m.contact)},'
        f'"conversation":{_quoted(m.conversation)},"corp":{_quoted(m.corp)},'
        f'"customer":{_id(m.customer)},"envelope":{_quoted(m.envelope)},'
        f'"error":{_quoted(m.error)},"from_staff":{"true" if m.from_staff else "false"},'
        f'"msgid":{_quoted(m.msgid)},"msgtype":{_quoted(m.msgtype)},'
        f'"recalls":{_quoted(m.recalls)},"received_at":"{m.received_at}",'
        f'"receivers":{m.receivers},"room_id":{_quoted(m.room_id)},'
        f'"sender":{_quoted(m.sender)},"sent_at":"{m.sent_at}","seq":{m.seq},"user":{_id(m.user)}}}'
    )


def raw_bytes(publickey_ver: int, random_key: str, chat_msg: str) -> bytes:
    """The envelope as evidence: key version, wrapped key and ciphertext, joined by bars."""
    return encoded(f"{publickey_ver}|{random_key}|{chat_msg}")


def content_bytes(salt: bytes, body: str, text: str) -> bytes:
    return salt + encoded(f'{{"body":{_quoted(body)},"text":{_quoted(text)}}}')


def digests(data: bytes) -> tuple[str, str]:
    """SHA-256 and SM3 in hex."""
    return SHA256.hash(data).hex(), SM3.hash(data).hex()


def message_tails(facts: str, raw: tuple[str, str], content: tuple[str, str]) -> Tails:
    sha256, sm3 = (
        f'"content":"{inside}","facts":{facts},"kind":"message","raw":"{outside}"}}'
        for inside, outside in zip(content, raw, strict=True)
    )
    return sha256, sm3


class ScanFacts(NamedTuple):
    """One scan result; findings as canonical JSON, the time as a canonical moment."""

    digest: str
    engine: str
    findings: str
    lexicon: str
    message: int
    scanned_at: str
    severity: int | None


def scan_json(s: ScanFacts) -> str:
    return (
        f'{{"digest":{_quoted(s.digest)},"engine":{_quoted(s.engine)},"findings":{s.findings},'
        f'"lexicon":{_quoted(s.lexicon)},"message":{s.message},"scanned_at":"{s.scanned_at}",'
        f'"severity":{_id(s.severity)}}}'
    )


def tails(kind: str, facts: str) -> Tails:
    """Of every other kind: the same bytes under both hashes."""
    tail = f'"facts":{facts},"kind":"{kind}"}}'
    return tail, tail


def event_facts(name: str, facts: dict[str, object]) -> str:
    return canonical({**facts, "event": name})


def leaf_hashes(at: str, both: Tails) -> Hashes:
    """(SHA-256, SM3) of the leaf: what Algorithm.leaf gives, without copying the data once more."""
    first = encoded(f'\x00{{"at":"{at}",{both[0]}')
    second = first if both[0] is both[1] else encoded(f'\x00{{"at":"{at}",{both[1]}')
    return SHA256.hash(first), SM3.hash(second)
