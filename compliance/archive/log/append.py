"""The way into the log. Leaves are appended in the transaction that stores what they speak of.

One lock serialises all appends and is held to the commit, so it must be the last lock that a
transaction takes: append after every other write, and never loop over rows to lock after it.
"""

import datetime
import itertools
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


class Draft(NamedTuple):
    """A leaf before it has its place and time."""

    kind: str
    ref: int | None
    tails: leaves.Tails
    salt: bytes = b""
    facts: str = ""


def append_messages(messages: Iterable[ArchivedMessage]) -> int:
    """Appends stored messages (with their envelopes at hand) in order; returns how many."""
    stored = list(messages)
    random = os.urandom(_SALT * len(stored))
    salts = [random[at : at + _SALT] for at in range(0, len(random), _SALT)]
    tails = rows.message_tails(stored, salts)
    return append(
        [
            Draft(Kind.MESSAGE, message.id, tail, salt)
            for message, tail, salt in zip(stored, tails, salts, strict=True)
        ]
    )


def append_scans(scans: Iterable[MessageScan]) -> int:
    """Appends scan results that were stored just now; returns how many."""
    return append(
        [Draft(Kind.SCAN, scan.id, leaves.tails(Kind.SCAN, rows.scan_json(scan))) for scan in scans]
    )


def append_media(blobs: Iterable[tuple[int, dict[str, Any]]]) -> int:
    """Appends (key of the media row, facts); the facts are canonical JSON types and hold at least
    corp, seq, msgid, sha256, sm3 (hex over the blob) and size. Returns how many."""
    return append(
        [Draft(Kind.MEDIA, pk, leaves.tails(Kind.MEDIA, canonical(facts))) for pk, facts in blobs]
    )


def append_decision(row: Decision) -> None:
    append([Draft(Kind.DECISION, row.pk, leaves.tails(Kind.DECISION, rows.decision_json(row)))])


def append_audit(events: Iterable[AuditEvent]) -> int:
    """Appends rows of the audit trail. compliance.receivers does it for all that concern proof."""
    return append(
        [
            Draft(Kind.AUDIT, event.pk, leaves.tails(Kind.AUDIT, rows.audit_json(event)))
            for event in events
        ]
    )


def append_events(events: Iterable[tuple[str, dict[str, Any]]]) -> int:
    """Appends (name, facts) of what has no row of its own; returns how many."""
    drafts = []
    for name, facts in events:
        text = leaves.event_facts(name, facts)
        drafts.append(Draft(Kind.EVENT, None, leaves.tails(Kind.EVENT, text), facts=text))
    return append(drafts)


def append_event(name: str, **facts: Any) -> None:
    append_events([(name, facts)])


@transaction.atomic
def append(drafts: Sequence[Draft]) -> int:
    """Gives the drafts the next numbers, in one statement, until commit against everyone else."""
    if not drafts:
        return 0
    locks.until_commit(locks.LOG)
    last = LogLeaf.objects.order_by("-index").only("index", "created_at").first()
    first, at = (last.index + 1, last.created_at) if last else (0, None)
    # A clock that goes back does not make the log go back: never before the last leaf.
    hashes = _store(drafts, first, max(timezone.now(), at) if at else timezone.now())
    tree.grow(first, hashes)
    if first // ANCHOR_EVERY != (first + len(drafts)) // ANCHOR_EVERY:
        anchor_due.send(LogLeaf)
    return len(drafts)


def _store(drafts: Sequence[Draft], first: int, at: datetime.datetime) -> list[leaves.Hashes]:
    kinds, refs, tails, salts, facts = zip(*drafts, strict=True)
    hashes = leaves.leaf_hashes(zip(itertools.repeat(moment(at)), tails, strict=False))
    sha256, sm3 = zip(*hashes, strict=True)
    bulk.copy_columns(
        LogLeaf,
        {
            "index": range(first, first + len(drafts)),
            "kind": kinds,
            "ref": refs,
            "facts": facts,
            "salt": salts,
            "sha256": sha256,
            "sm3": sm3,
            "created_at": [at] * len(drafts),
        },
    )
    return hashes
