"""What each kind of leaf hashes, from plain values: the one place that appending, verification and
evidence share. No database.

A leaf's data is canonical JSON that begins with its time: {"at":…,"facts":{…},"kind":…}. A message
has two hashes more: "raw" over the envelope as it came, "content" over a salt, the plain record and
its text. So the rest can still be checked after a purge has blanked body and envelope.
"""

import json.encoder
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from compliance.archive.log.canonical import canonical, encoded
from compliance.archive.log.merkle import ALGORITHMS, SHA256, SM3

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


def digests(rows: Sequence[bytes]) -> list[tuple[str, str]]:
    """SHA-256 and SM3 of each in hex."""
    sides = [[digest.hex() for digest in one.hash_all(rows)] for one in ALGORITHMS]
    return list(zip(*sides, strict=True))


def message_tails(facts: str, raw: tuple[str, str], content: tuple[str, str]) -> Tails:
    tail = f'"facts":{facts},"kind":"message","raw":'
    return (
        f'"content":"{content[0]}",{tail}"{raw[0]}"}}',
        f'"content":"{content[1]}",{tail}"{raw[1]}"}}',
    )


class ScanFacts(NamedTuple):
    """One scan result; findings and what was given as canonical JSON, the time as a canonical
    moment. Leaves of decisions from before that was kept have no word of it."""

    digest: str
    engine: str
    findings: str
    lexicon: str
    message: int
    scanned_at: str
    severity: int | None
    given: str | None


def scan_json(s: ScanFacts) -> str:
    given = "" if s.given is None else f'"given":{s.given},'
    return (
        f'{{"digest":{_quoted(s.digest)},"engine":{_quoted(s.engine)},"findings":{s.findings},'
        f'{given}"lexicon":{_quoted(s.lexicon)},"message":{s.message},"scanned_at":"{s.scanned_at}",'
        f'"severity":{_id(s.severity)}}}'
    )


def tails(kind: str, facts: str) -> Tails:
    """Of every other kind: the same bytes under both hashes."""
    tail = f'"facts":{facts},"kind":"{kind}"}}'
    return tail, tail


def event_facts(name: str, facts: dict[str, object]) -> str:
    return canonical({**facts, "event": name})


def leaf_hashes(rows: Iterable[tuple[str, Tails]]) -> list[Hashes]:
    """(SHA-256, SM3) of each leaf, from its time and its tails: what Algorithm.leaf gives, without
    copying the data once more."""
    first, second = [], []
    for at, (one, other) in rows:
        data = encoded(f'\x00{{"at":"{at}",{one}')
        first.append(data)
        second.append(data if one is other else encoded(f'\x00{{"at":"{at}",{other}'))
    return list(zip(SHA256.hash_all(first), SM3.hash_all(second), strict=True))
