"""Recomputes the leaves of a range from the rows they speak of. Raw SQL and plain tuples: this is
done for millions of rows, and an ORM object costs more than all the hashing.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection

from compliance.archive.log import leaves as form
from compliance.archive.log import rows
from compliance.archive.log.canonical import canonical
from compliance.archive.log.purges import Purged, Purges
from compliance.archive.verify.media import MediaMissing, MediaRows
from compliance.archive.verify.verdict import Fault
from compliance.models import Decision
from scrm.audit.models import AuditEvent
from scrm.core import crypto

# Connections speak UTC; as text it is several times cheaper than to_char or a datetime object.
_MOMENT = "{}::text"
_LEAVES = f"""
SELECT index, kind, ref, salt, sha256 || sm3, {_MOMENT.format("created_at")}, facts
FROM compliance_logleaf WHERE {{}} ORDER BY index
"""  # noqa: S608 - no value from outside
_MESSAGES = f"""
SELECT id, envelope_id, action, contact_id, conversation, customer_id, error, from_staff, msgid,
       msgtype, recalls, receivers::text, room_id, sender, {_MOMENT.format("sent_at")}, user_id,
       body, text
FROM compliance_archivedmessage WHERE
"""  # noqa: S608
_ENVELOPES = f"""
SELECT id, corp_id, seq, msgid, publickey_ver, encrypt_random_key, encrypt_chat_msg,
       {_MOMENT.format("received_at")}
FROM compliance_archiveenvelope WHERE
"""  # noqa: S608
_SCANS = f"""
SELECT id, lexicon_digest, engine_version, findings::text, lexicon_version, message_id,
       {_MOMENT.format("at")}, severity
FROM compliance_messagescan WHERE
"""  # noqa: S608
# A range of keys is read in one go unless it is mostly holes.
_SPARSE = 4
_BODY, _TEXT = "compliance_archivedmessage.body", "compliance_archivedmessage.text"
Row = tuple[Any, ...]


def leaf_rows(low: int, high: int) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(_LEAVES.format("index >= %s AND index < %s"), [low, high])
        return cursor.fetchall()


def leaf_rows_at(indexes: Sequence[int]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(_LEAVES.format("index = ANY(%s)"), [list(indexes)])
        return cursor.fetchall()


def _by_key(select: str, keys: Sequence[int]) -> dict[int, Row]:
    if not keys:
        return {}
    low, high = min(keys), max(keys)
    dense = high - low < _SPARSE * len(keys) + 1000
    where, values = (
        ("id BETWEEN %s AND %s", [low, high]) if dense else ("id = ANY(%s)", [list(keys)])
    )
    with connection.cursor() as cursor:
        cursor.execute(select + where, values)
        return {row[0]: row for row in cursor.fetchall()}


def _moment(text: str) -> str:
    """PostgreSQL's 2026-01-02 03:04:05.67+00 as canonical.moment writes it; anything else, such as
    infinity, stays what no leaf can have hashed."""
    if text[-3:] != "+00":
        return text
    return f"{text[:10]}T{text[11:19]}.{text[20:-3]:0<6}Z"


class _Missing(Exception):
    """A row that a leaf speaks of is gone or cannot be opened; the text ends a sentence."""


class Messages:
    """The messages of some leaves, with their envelopes."""

    def __init__(self, refs: Sequence[int], purged: dict[int, Purged]) -> None:
        self.purged = purged
        self.messages = _by_key(_MESSAGES, refs)
        self.envelopes = _by_key(_ENVELOPES, [row[1] for row in self.messages.values()])
        self._receivers: dict[str, str] = {}

    def tails(self, index: int, ref: int, salt: bytes) -> form.Tails:
        row, envelope = self._rows(ref)
        facts = self._facts(row, envelope)
        kept = self.purged.get(index)
        if kept and not (row[16] or row[17] or envelope[5] or envelope[6]):
            return form.message_tails(facts, kept.raw, kept.content)
        raw = form.raw_bytes(envelope[4], envelope[5], envelope[6])
        content = form.content_bytes(salt, *self._opened(row))
        return form.message_tails(facts, form.digests(raw), form.digests(content))

    def _rows(self, ref: int) -> tuple[Row, Row]:
        row = self.messages.get(ref)
        if row is None:
            raise _Missing("所指的消息已不存在，记录被删除")
        envelope = self.envelopes.get(row[1])
        if envelope is None:
            raise _Missing("所指消息的原始密文已不存在，记录被删除")
        return row, envelope

    def _opened(self, row: Row) -> tuple[str, str]:
        try:
            body = crypto.decrypt(row[16], f"{_BODY}|{row[1]}") if row[16] else ""
            return body, crypto.decrypt(row[17], f"{_TEXT}|{row[1]}") if row[17] else ""
        except (crypto.DecryptionFailed, ValueError):
            raise _Missing("的密文无法打开，记录被改动") from None

    def _facts(self, row: Row, envelope: Row) -> str:
        return form.message_json(
            form.MessageFacts(
                action=row[2],
                contact=row[3],
                conversation=row[4],
                corp=envelope[1],
                customer=row[5],
                envelope=envelope[3],
                error=row[6],
                from_staff=row[7],
                msgid=row[8],
                msgtype=row[9],
                recalls=row[10],
                received_at=_moment(envelope[7]),
                receivers=self._canonical(row[11]),
                room_id=row[12],
                sender=row[13],
                sent_at=_moment(row[14]),
                seq=envelope[2],
                user=row[15],
            )
        )

    def _canonical(self, text: str) -> str:
        known = self._receivers.get(text)
        if known is None:
            known = self._receivers[text] = canonical(json.loads(text))
        return known

    def name(self, ref: int) -> str:
        row = self.messages.get(ref)
        envelope = self.envelopes.get(row[1]) if row else None
        seq = f"seq {envelope[2]}，" if envelope else ""
        return f"消息（{seq}msgid {row[8]}）" if row else f"消息 {ref}"


def _scan_facts(refs: Sequence[int]) -> dict[int, str]:
    found = {}
    for key, digest, engine, findings, lexicon, message, at, severity in _by_key(
        _SCANS, refs
    ).values():
        text = "[]" if findings == "[]" else canonical(rows.plain(json.loads(findings)))
        facts = form.ScanFacts(digest, engine, text, lexicon, message, _moment(at), severity)
        found[key] = form.scan_json(facts)
    return found


def _audit_facts(refs: Sequence[int]) -> dict[int, str]:
    return {event.pk: rows.audit_json(event) for event in AuditEvent.objects.filter(pk__in=refs)}


def _decision_facts(refs: Sequence[int]) -> dict[int, str]:
    return {row.pk: rows.decision_json(row) for row in Decision.objects.filter(pk__in=refs)}


# Kind of leaf → its name, and facts of rows by key as canonical JSON.
SOURCES: dict[str, tuple[str, Callable[[Sequence[int]], dict[int, str]]]] = {
    "scan": ("扫描结论", _scan_facts),
    "decision": ("审核结论", _decision_facts),
    "audit": ("操作记录", _audit_facts),
}


class Checker:
    """Compares stored leaves with what their rows give now."""

    def __init__(self, found: Sequence[Row], purges: Purges) -> None:
        refs: dict[str, list[int]] = {}
        for row in found:
            if row[2] is not None:
                refs.setdefault(row[1], []).append(row[2])
        self.messages = Messages(refs.get("message", []), purges.messages)
        self.media = MediaRows(refs.get("media", []), purges.media)
        self.others = {
            kind: source(refs[kind]) for kind, (_, source) in SOURCES.items() if kind in refs
        }
        self.found = found

    def faults(self) -> Iterable[Fault]:
        for index, kind, ref, salt, stored, at, facts in self.found:
            try:
                both = self._tails(index, kind, ref, bytes(salt), facts)
            except (_Missing, MediaMissing) as missing:
                yield Fault(f"第 {index} 号叶{self._name(kind, ref)}{missing}。", index)
                continue
            # Only an event carries its facts itself; elsewhere they would be nobody's words.
            written = facts and kind != "event"
            if written or b"".join(form.leaf_hashes(_moment(at), both)) != bytes(stored):
                yield Fault(
                    f"第 {index} 号叶{self._name(kind, ref)}与入链时不一致，记录被改动或调换。",
                    index,
                )

    def _tails(self, index: int, kind: str, ref: int, salt: bytes, facts: str) -> form.Tails:
        if kind == "message":
            return self.messages.tails(index, ref, salt)
        if kind == "event":
            return form.tails(kind, facts)
        if kind == "media":
            return form.tails(kind, self.media.facts(index, ref))
        known = self.others.get(kind, {}).get(ref)
        if known is None:
            raise _Missing("所指的记录已不存在，记录被删除")
        return form.tails(kind, known)

    def _name(self, kind: str, ref: int | None) -> str:
        if kind == "message" and ref is not None:
            return self.messages.name(ref)
        label = "文件" if kind == "media" else "事件"
        label = SOURCES[kind][0] if kind in SOURCES else label
        return f"{label}{'' if ref is None else f' {ref} '}"
