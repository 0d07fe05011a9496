"""What goes into a package: leaves, their proofs, anchors, policies. Reads the database only."""

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Min, Q
from django.utils import timezone

from compliance.archive import blobs
from compliance.archive.log import leaves, rows
from compliance.archive.log.canonical import canonical, moment
from compliance.archive.log.purges import Purges, purges
from compliance.archive.log.tree import Tree
from compliance.archive.media import facts as media_facts
from compliance.evidence.package import File, lines
from compliance.lexicons import lexicon_data
from compliance.models import (
    ArchivedMedia,
    ArchivedMessage,
    Decision,
    EvidencePackage,
    LexiconVersion,
    LogLeaf,
    MessageScan,
)
from scrm.audit.models import AuditEvent

Kind = LogLeaf.Kind
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Content:
    """Leaves of the package by index, and the files that hold them."""

    messages: list[ArchivedMessage]
    leaves: dict[int, LogLeaf]
    gaps: list[LogLeaf]
    files: list[File]


def leaves_of(kind: str, refs: Iterable[int]) -> dict[int, LogLeaf]:
    found = LogLeaf.objects.filter(kind=kind, ref__in=list(refs))
    return {int(leaf.ref or 0): leaf for leaf in found}


def gather(package: EvidencePackage, size: int) -> Content:
    """Everything about the frozen selection that lies in the first `size` leaves."""
    chosen = ArchivedMessage.objects.filter(pk__in=package.messages)
    messages = list(chosen.select_related("envelope", "user", "contact").order_by("sent_at", "id"))
    known = purges()
    by_ref = leaves_of(Kind.MESSAGE, [message.pk for message in messages])
    entries = [_message(message, by_ref[message.pk], known) for message in messages]
    raw = [
        _raw(message)
        for message, entry in zip(messages, entries, strict=True)
        if "purged" not in entry
    ]
    events, event_leaves = _events(package, messages, size)
    media, media_entries, media_leaves = _media(messages, size)
    events, event_leaves = events + media_entries, event_leaves + media_leaves
    files = [
        File("messages.jsonl", lines(sorted(entries, key=_index))),
        File("events.jsonl", lines(sorted(events, key=_index))),
        *raw,
        *media,
        *_policies(messages),
    ]
    all_leaves = {leaf.index: leaf for leaf in [*by_ref.values(), *event_leaves]}
    return Content(messages, all_leaves, _gaps(messages, size), files)


def _index(entry: Json) -> int:
    return int(entry["leaf"])


def _message(message: ArchivedMessage, leaf: LogLeaf, known: Purges) -> Json:
    entry = {
        "at": moment(leaf.created_at),
        "body": message.body,
        "facts": json.loads(leaves.message_json(rows.message_facts(message))),
        "leaf": leaf.index,
        "salt": bytes(leaf.salt).hex(),
        "text": message.text,
    }
    gone = known.messages.get(leaf.index)
    if gone and not message.body:
        entry["purged"] = {"content": list(gone.content), "raw": list(gone.raw)}
    return entry


def _raw(message: ArchivedMessage) -> File:
    envelope = message.envelope
    data = leaves.raw_bytes(
        envelope.publickey_ver, envelope.encrypt_random_key, envelope.encrypt_chat_msg
    )
    return File(f"raw/{envelope.seq}.bin", data)


def _events(
    package: EvidencePackage, messages: Sequence[ArchivedMessage], size: int
) -> tuple[list[Json], list[LogLeaf]]:
    """Scan results, decisions and acts about these messages, their alerts and the case."""
    keys = [message.pk for message in messages]
    scans = MessageScan.objects.filter(message__in=keys)
    decisions = Decision.objects.filter(alert__message__in=keys)
    found: list[tuple[str, dict[int, str]]] = [
        (Kind.SCAN, {scan.pk: rows.scan_json(scan) for scan in scans}),
        (Kind.DECISION, {row.pk: rows.decision_json(row) for row in decisions}),
        (Kind.AUDIT, {event.pk: rows.audit_json(event) for event in _acts(package, keys)}),
    ]
    entries, used = [], []
    for kind, facts in found:
        for ref, leaf in leaves_of(kind, facts).items():
            if leaf.index < size:
                entries.append(_event(leaf, facts[ref]))
                used.append(leaf)
    for leaf in _purge_events(messages, size):
        entries.append(_event(leaf, leaf.facts))
        used.append(leaf)
    return entries, used


def _media(
    messages: Sequence[ArchivedMessage], size: int
) -> tuple[list[File], list[Json], list[LogLeaf]]:
    """Files of these messages; of a purged one only its leaf."""
    rows_ = ArchivedMedia.objects.filter(message__in=[message.pk for message in messages])
    known = {row.pk: row for row in rows_.select_related("message__envelope")}
    files: dict[str, File] = {}
    entries, used = [], []
    for ref, leaf in leaves_of(Kind.MEDIA, known).items():
        if leaf.index >= size:
            continue
        row = known[ref]
        entry = _event(leaf, canonical(media_facts(row)))
        if row.state == ArchivedMedia.State.STORED:
            data = b"".join(blobs.store().open(row.sha256))
            files[row.sha256] = File(f"media/{row.sha256}", data)
        else:
            entry["purged"] = True
        entries.append(entry)
        used.append(leaf)
    return list(files.values()), entries, used


def _event(leaf: LogLeaf, facts: str) -> Json:
    return {
        "at": moment(leaf.created_at),
        "facts": json.loads(facts),
        "kind": leaf.kind,
        "leaf": leaf.index,
    }


def _acts(package: EvidencePackage, keys: Sequence[int]) -> Iterable[AuditEvent]:
    alerts = Decision.objects.filter(alert__message__in=keys).values_list("alert_id", flat=True)
    about = Q(object_type="compliance.archivedmessage", object_id__in=[str(key) for key in keys])
    about |= Q(object_type="compliance.alert", object_id__in=[str(key) for key in set(alerts)])
    about |= Q(object_type="compliance.evidencepackage", object_id=str(package.pk))
    if package.case_id:
        about |= Q(object_type="compliance.case", object_id=str(package.case_id))
    return AuditEvent.objects.filter(about)


def _purge_events(messages: Sequence[ArchivedMessage], size: int) -> list[LogLeaf]:
    if all(message.body for message in messages):
        return []
    indexes = {leaf.index for leaf in leaves_of(Kind.MESSAGE, [m.pk for m in messages]).values()}
    events = LogLeaf.objects.filter(
        kind=Kind.EVENT, index__lt=size, facts__contains='"event":"archive.purge"'
    )
    return [
        leaf
        for leaf in events
        if indexes & {entry["leaf"] for entry in json.loads(leaf.facts)["messages"]}
    ]


def _policies(messages: Sequence[ArchivedMessage]) -> list[File]:
    """The lexicons that judged these messages, in full."""
    scans = MessageScan.objects.filter(message__in=messages).order_by("lexicon_version")
    rows = scans.values_list("lexicon_version", "lexicon_digest").annotate(first=Min("at"))
    judged: dict[str, dict[str, str]] = {}
    for number, digest, first in rows:
        judged.setdefault(number, {})[digest] = timezone.localdate(first).isoformat()
    found = LexiconVersion.objects.filter(number__in=judged).order_by("id")
    return [
        File(f"policy/{version.number}.json", _policy(version, judged[version.number]))
        for version in found
    ]


def _policy(version: LexiconVersion, judged: dict[str, str]) -> bytes:
    """`judged`: digest that scan results name → the day whose terms it stands for."""
    return lines(
        [
            {
                "activated_at": moment(version.activated_at) if version.activated_at else None,
                "digest": version.digest,
                "judged": judged,
                "number": version.number,
                "terms": [term.row() for term in lexicon_data(version).terms],
            }
        ]
    )


def _gaps(messages: Sequence[ArchivedMessage], size: int) -> list[LogLeaf]:
    """Messages of the same conversations and periods that were left out."""
    keys = {message.pk for message in messages}
    spans = (
        ArchivedMessage.objects.filter(pk__in=keys)
        .exclude(conversation="")
        .values("conversation")
        .annotate(first=Min("sent_at"), last=Max("sent_at"))
        .order_by()
    )
    missing: set[int] = set()
    for span in spans:
        near = ArchivedMessage.objects.filter(
            conversation=span["conversation"], sent_at__range=(span["first"], span["last"])
        )
        missing |= set(near.values_list("pk", flat=True)) - keys
    found = leaves_of(Kind.MESSAGE, missing).values()
    return sorted((leaf for leaf in found if leaf.index < size), key=lambda leaf: leaf.index)


def proofs(content: Content, sizes: Sequence[int]) -> File:
    """Inclusion of every leaf in the last of `sizes`, consistency between neighbours in `sizes`."""
    tree = Tree(sizes[-1])
    pairs = itertools.pairwise(sizes)
    data = {
        "consistency": [{"new": new, "old": old, **_consistency(old, new)} for old, new in pairs],
        "gaps": [_gap(tree, leaf) for leaf in content.gaps],
        "leaves": {str(index): _inclusion(tree, index) for index in sorted(content.leaves)},
        "size": sizes[-1],
    }
    return File("proofs.json", lines([data]))


def _hex(hashes: Iterable[bytes]) -> list[str]:
    return [part.hex() for part in hashes]


def _inclusion(tree: Tree, index: int) -> Json:
    return {"sha256": _hex(tree.inclusion(0, index)), "sm3": _hex(tree.inclusion(1, index))}


def _consistency(old: int, new: int) -> Json:
    tree = Tree(new)
    return {"sha256": _hex(tree.consistency(0, old)), "sm3": _hex(tree.consistency(1, old))}


def _gap(tree: Tree, leaf: LogLeaf) -> Json:
    return {
        "leaf": leaf.index,
        "proof": _inclusion(tree, leaf.index),
        "sha256": bytes(leaf.sha256).hex(),
        "sm3": bytes(leaf.sm3).hex(),
    }
