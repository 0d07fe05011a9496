"""Recomputes leaves from the rows that they speak of, each step for all of them at once."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from compliance.archive.log import leaves as form
from compliance.archive.log import rows
from compliance.archive.log.canonical import canonical
from compliance.archive.log.purges import Purges
from compliance.archive.verify.media import MediaRows
from compliance.archive.verify.messages import Messages
from compliance.archive.verify.reading import Row, by_key, moment, shared_moment
from compliance.archive.verify.verdict import Fault, Missing
from compliance.models import Decision
from scrm.audit.models import AuditEvent

# After the key and the message what _scan_frame takes, in its order.
_SCANS = """
SELECT id, message_id, lexicon_digest, engine_version, findings::text, lexicon_version, at::text,
       severity, given::text
FROM compliance_messagescan WHERE
"""


def _scan_facts(refs: Sequence[int]) -> dict[int, str]:
    found = {}
    for key, message, *shared in by_key(_SCANS, refs).values():
        before, after = _scan_frame(*shared)
        found[key] = f"{before}{message}{after}"
    return found


@lru_cache(maxsize=1024)
def _scan_frame(
    digest: str,
    engine: str,
    findings: str,
    lexicon: str,
    at: str,
    severity: int | None,
    given: str | None,
) -> tuple[str, str]:
    told, known = _canonical(findings), given and _canonical(given)
    return form.scan_frame(digest, engine, told, lexicon, moment(at), severity, known)


def _canonical(text: str) -> str:
    return text if text in {"[]", "{}"} else canonical(rows.plain(json.loads(text)))


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
Tails = form.Tails | Missing
# Leaves that are opened, hashed and compared in one go: what that makes stays in the core's cache.
_AT_ONCE = 256
_NO_ROW = Missing("所指的记录已不存在，记录被删除")


class Checker:
    """Compares stored leaves with what their rows give now."""

    def __init__(self, found: Sequence[Row], purges: Purges) -> None:
        self.asked: dict[str, list[Row]] = {}
        for row in found:
            self.asked.setdefault(row[1], []).append(row)
        self.known: dict[str, dict[int, str]] = {}
        told = [row[2] for row in self.asked.get("message", [])]
        self.messages = Messages(told, purges.messages)
        self.media = MediaRows(self._refs("media"), purges.media)

    def faults(self) -> list[Fault]:
        """In the order of the leaves."""
        found: list[Fault] = []
        for kind, asked in self.asked.items():
            for low in range(0, len(asked), _AT_ONCE):
                found += self._faults(kind, asked[low : low + _AT_ONCE])
        return sorted(found, key=lambda fault: fault.index or 0)

    def _faults(self, kind: str, asked: list[Row]) -> Iterator[Fault]:
        tails = self._of_kind(kind, asked)
        computed = form.leaf_digests(
            (shared_moment(row[5]), tail)
            for row, tail in zip(asked, tails, strict=True)
            if not isinstance(tail, Missing)
        )
        # Only an event carries its facts itself; elsewhere they would be nobody's words.
        added = kind != "event" and any(row[6] for row in asked)
        if added or computed != [row[4] for row in asked]:
            yield from self._differing(asked, tails, iter(computed))

    def _differing(
        self, asked: list[Row], tails: list[Tails], computed: Iterator[str]
    ) -> Iterator[Fault]:
        for (index, kind, ref, _, stored, _, facts), tail in zip(asked, tails, strict=True):
            if isinstance(tail, Missing):
                yield Fault(f"第 {index} 号叶{self._name(kind, ref)}{tail}。", index)
            elif next(computed) != stored or (facts and kind != "event"):
                yield Fault(
                    f"第 {index} 号叶{self._name(kind, ref)}与入链时不一致，记录被改动或调换。",
                    index,
                )

    def _refs(self, kind: str) -> list[int]:
        return [row[2] for row in self.asked.get(kind, []) if row[2] is not None]

    def _of_kind(self, kind: str, asked: list[Row]) -> list[Tails]:
        if kind == "message":
            return self.messages.tails(asked)
        if kind == "event":
            return [form.tails(kind, row[6]) for row in asked]
        if kind == "media":
            return [_tail(kind, self.media.facts(row[0], row[2])) for row in asked]
        if kind not in SOURCES:
            return [_NO_ROW] * len(asked)
        known = self._facts(kind)
        return [_tail(kind, known.get(row[2], _NO_ROW)) for row in asked]

    def _facts(self, kind: str) -> dict[int, str]:
        """Of all leaves of that kind, read at once."""
        if kind not in self.known:
            self.known[kind] = SOURCES[kind][1](self._refs(kind))
        return self.known[kind]

    def _name(self, kind: str, ref: int | None) -> str:
        if kind == "message" and ref is not None:
            return self.messages.name(ref)
        label = "文件" if kind == "media" else "事件"
        label = SOURCES[kind][0] if kind in SOURCES else label
        return f"{label}{'' if ref is None else f' {ref} '}"


def _tail(kind: str, facts: str | Missing) -> Tails:
    return facts if isinstance(facts, Missing) else form.tails(kind, facts)
