"""The way into the log. Leaves are appended in the transaction that stores what they speak of.

One lock serialises all appends and is held to the commit, so it must be the last lock that a
transaction takes: append after every other write, and never loop over rows to lock after it.
"""

import datetime
import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from compliance.archive import locks
from compliance.archive.log import leaves, rows, tree
from compliance.archive.log.canonical import canonical, moment
from compliance.models import ArchivedMessage, Decision, LogLeaf, MessageScan
from compliance.signals import anchor_due
from scrm.audit.models import AuditEvent
from scrm.core import bulk

# Heads leave the database's trust zone at the latest after so many leaves.
ANCHOR_EVERY = 1000
_SALT = 16
Kind = LogLeaf.Kind


class Drafts(NamedTuple):
    """Leaves of one kind before they have their place and time: of each the row that it speaks of,
    what it hashes, its salt and the facts of an event. An empty column is empty for all."""

    kind: str
    tails: Sequence[leaves.Tails]
    refs: Sequence[int] = ()
    salts: Sequence[bytes] = ()
    facts: Sequence[str] = ()


def append_messages(messages: Iterable[ArchivedMessage]) -> int:
    """Appends stored messages (with their envelopes at hand) in order; returns how many."""
    stored = list(messages)
    random = os.urandom(_SALT * len(stored))
    salts = [random[at : at + _SALT] for at in range(0, len(random), _SALT)]
    tails = rows.message_tails(stored, salts)
    return append(Drafts(Kind.MESSAGE, tails, [message.id for message in stored], salts))


def append_scans(scans: Iterable[MessageScan]) -> int:
    """Appends scan results that were stored just now; returns how many."""
    return _append_rows(Kind.SCAN, ((scan.id, rows.scan_json(scan)) for scan in scans))


def append_media(blobs: Iterable[tuple[int, dict[str, Any]]]) -> int:
    """Appends (key of the media row, facts); the facts are canonical JSON types and hold at least
    corp, seq, msgid, sha256, sm3 (hex over the blob) and size. Returns how many."""
    return _append_rows(Kind.MEDIA, ((pk, canonical(facts)) for pk, facts in blobs))


def append_decision(row: Decision) -> None:
    _append_rows(Kind.DECISION, [(row.pk, rows.decision_json(row))])


def append_audit(events: Iterable[AuditEvent]) -> int:
    """Appends rows of the audit trail. compliance.receivers does it for all that concern proof."""
    return _append_rows(Kind.AUDIT, ((event.pk, rows.audit_json(event)) for event in events))


def append_events(events: Iterable[tuple[str, dict[str, Any]]]) -> int:
    """Appends (name, facts) of what has no row of its own; returns how many."""
    facts = [leaves.event_facts(name, told) for name, told in events]
    tails = [leaves.tails(Kind.EVENT, text) for text in facts]
    return append(Drafts(Kind.EVENT, tails, facts=facts))


def _append_rows(kind: Kind, told: Iterable[tuple[int, str]]) -> int:
    """Leaves of (key of a row, its facts)."""
    pairs = list(told)
    tails = [leaves.tails(kind, facts) for _, facts in pairs]
    return append(Drafts(kind, tails, [key for key, _ in pairs]))


def append_event(name: str, **facts: Any) -> None:
    append_events([(name, facts)])


@transaction.atomic
def append(drafts: Drafts) -> int:
    """Gives the drafts the next numbers, in one statement, until commit against everyone else."""
    count = len(drafts.tails)
    if not count:
        return 0
    locks.until_commit(locks.LOG)
    last = LogLeaf.objects.order_by("-index").only("index", "created_at").first()
    first, at = (last.index + 1, last.created_at) if last else (0, None)
    # A clock that goes back does not make the log go back: never before the last leaf.
    hashes = _store(drafts, first, max(timezone.now(), at) if at else timezone.now())
    tree.grow(first, hashes)
    if first // ANCHOR_EVERY != (first + count) // ANCHOR_EVERY:
        anchor_due.send(LogLeaf)
    return count


def _store(drafts: Drafts, first: int, at: datetime.datetime) -> list[leaves.Hashes]:
    time, count = moment(at), len(drafts.tails)
    hashes = leaves.leaf_hashes((time, tails) for tails in drafts.tails)
    sha256, sm3 = zip(*hashes, strict=True)
    bulk.copy_columns(
        LogLeaf,
        {
            "index": range(first, first + count),
            "kind": [drafts.kind] * count,
            "ref": drafts.refs or [None] * count,
            "facts": drafts.facts or [""] * count,
            "salt": drafts.salts or [b""] * count,
            "sha256": sha256,
            "sm3": sm3,
            "created_at": [at] * count,
        },
    )
    return hashes
