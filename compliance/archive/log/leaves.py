"""What each kind of leaf hashes, from plain values: the one place that appending, verification and
evidence share. No database.

A leaf's data is canonical JSON that begins with its time: {"at":…,"facts":{…},"kind":…}. A message
has two hashes more: "raw" over the envelope as it came, "content" over a salt and what it says, the
plain record and its text. So the rest can still be checked after a purge has blanked both.
"""

import json.encoder
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import add
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


# The same as a plain tuple, which costs a third less to make and to take apart.
MessageTuple = tuple[
    *tuple[str, int | None, str, str, int | None, str, str, bool, str],
    *tuple[str, str, str, str, str, str, str, int, int | None],
]


def message_json(facts: MessageFacts | MessageTuple) -> str:
    """Canonical JSON of the facts; written out because verification does it a million times."""
    (action, contact, conversation, corp, customer, envelope, error, from_staff, msgid, msgtype,
     recalls, received_at, receivers, room_id, sender, sent_at, seq, user) = facts  # fmt: skip
    return (
        f'{{"action":{_quoted(action)},"contact":{"null" if contact is None else contact},'
        f'"conversation":{_quoted(conversation)},"corp":{_quoted(corp)},'
        f'"customer":{"null" if customer is None else customer},"envelope":{_quoted(envelope)},'
        f'"error":{_quoted(error)},"from_staff":{"true" if from_staff else "false"},'
        f'"msgid":{_quoted(msgid)},"msgtype":{_quoted(msgtype)},'
        f'"recalls":{_quoted(recalls)},"received_at":"{received_at}",'
        f'"receivers":{receivers},"room_id":{_quoted(room_id)},"sender":{_quoted(sender)},'
        f'"sent_at":"{sent_at}","seq":{seq},"user":{"null" if user is None else user}}}'
    )


def raw_bytes(publickey_ver: int, random_key: str, chat_msg: str) -> bytes:
    """The envelope as evidence: key version, wrapped key and ciphertext, joined by bars."""
    return f"{publickey_ver}|{random_key}|{chat_msg}".encode("utf-8", "surrogatepass")


def content_bytes(salt: bytes, content: str) -> bytes:
    """Of what the message says as it is sealed: canonical JSON of body and text."""
    return salt + encoded(content)


def digests(rows: Sequence[bytes]) -> list[tuple[str, str]]:
    """SHA-256 and SM3 of each in hex."""
    return list(zip(*(one.hex_all(rows) for one in ALGORITHMS), strict=True))


def message_tails(facts: str, raw: tuple[str, str], content: tuple[str, str]) -> Tails:
    (outside, outer), (inside, inner) = raw, content
    return (
        f'"content":"{inside}","facts":{facts},"kind":"message","raw":"{outside}"}}',
        f'"content":"{inner}","facts":{facts},"kind":"message","raw":"{outer}"}}',
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


_Scan = tuple[str, str, str, str, int, str, int | None, str | None]


def scan_json(facts: ScanFacts | _Scan) -> str:
    digest, engine, findings, lexicon, message, scanned_at, severity, given = facts
    before, after = scan_frame(digest, engine, findings, lexicon, scanned_at, severity, given)
    return f"{before}{message}{after}"


# Ingest asks for one message after the other: most are clean, and the same engine judges them.
@lru_cache(maxsize=256)
def scan_frame(
    digest: str,
    engine: str,
    findings: str,
    lexicon: str,
    scanned_at: str,
    severity: int | None,
    given: str | None,
) -> tuple[str, str]:
    """Scan results of one batch differ in little but their message: what stands around that."""
    known = "" if given is None else f'"given":{given},'
    return (
        f'{{"digest":{_quoted(digest)},"engine":{_quoted(engine)},"findings":{findings},'
        f'{known}"lexicon":{_quoted(lexicon)},"message":',
        f',"scanned_at":"{scanned_at}","severity":{"null" if severity is None else severity}}}',
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
    first, second = _leaf_data(rows)
    return list(zip(SHA256.hash_all(first), SM3.hash_all(second), strict=True))


def leaf_digests(rows: Iterable[tuple[str, Tails]]) -> list[str]:
    """The same in hex, both in one."""
    first, second = _leaf_data(rows)
    return list(map(add, SHA256.hex_all(first), SM3.hex_all(second)))


def _leaf_data(rows: Iterable[tuple[str, Tails]]) -> tuple[list[bytes], list[bytes]]:
    first, second = [], []
    for at, (one, other) in rows:
        data = f'\x00{{"at":"{at}",{one}'.encode("utf-8", "surrogatepass")
        first.append(data)
        if one is not other:
            data = f'\x00{{"at":"{at}",{other}'.encode("utf-8", "surrogatepass")
        second.append(data)
    return first, second
