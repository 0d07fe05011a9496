"""Purging leaves a tombstone: the leaf stays, and an event by two people says what was blanked.

The event keeps the hashes of what goes (blinded by the leaf's salt), so that everything that stays
of the message can still be verified, and verification accepts no other blank message.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from compliance.archive.log import leaves
from compliance.archive.log.append import append_event
from compliance.models import ArchivedMessage, LogLeaf

EVENT = "archive.purge"
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Purged:
    """What the log keeps of a purged message: (SHA-256, SM3) of envelope and content."""

    content: Pair
    raw: Pair


def purge_note(
    *,
    messages: Sequence[ArchivedMessage],
    media: Iterable[int] = (),
    requested_by: int,
    approved_by: int,
    reason: str,
) -> None:
    """Writes the purge event; call it before blanking, in the same transaction, with the rows as
    they still are. `media`: keys of the media rows whose blobs go. People by key, two of them."""
    if requested_by == approved_by:
        raise ValueError("a purge needs two people")
    append_event(
        EVENT,
        approved_by=approved_by,
        media=sorted(_media_leaves(media)),
        messages=_message_entries(messages),
        reason=reason,
        requested_by=requested_by,
    )


def _media_leaves(refs: Iterable[int]) -> list[int]:
    rows = LogLeaf.objects.filter(kind=LogLeaf.Kind.MEDIA, ref__in=list(refs))
    return list(rows.values_list("index", flat=True))


def _message_entries(messages: Sequence[ArchivedMessage]) -> list[dict[str, Any]]:
    rows = LogLeaf.objects.filter(kind=LogLeaf.Kind.MESSAGE, ref__in=[m.pk for m in messages])
    by_ref = {leaf.ref: leaf for leaf in rows}
    return [_entry(message, by_ref[message.pk]) for message in messages]


def _entry(message: ArchivedMessage, leaf: LogLeaf) -> dict[str, Any]:
    envelope = message.envelope
    raw = leaves.raw_bytes(
        envelope.publickey_ver, envelope.encrypt_random_key, envelope.encrypt_chat_msg
    )
    content = leaves.content_bytes(bytes(leaf.salt), message.content)
    outside, inside = leaves.digests([raw, content])
    return {"content": list(inside), "leaf": leaf.index, "raw": list(outside)}


@dataclass(frozen=True, slots=True)
class Purges:
    """All purges of the log, by the leaf that they cover."""

    messages: dict[int, Purged]
    media: frozenset[int]


def purges() -> Purges:
    """Reads the purge events; those that do not name two people count for nothing."""
    rows = LogLeaf.objects.filter(kind=LogLeaf.Kind.EVENT, facts__contains=f'"event":"{EVENT}"')
    messages: dict[int, Purged] = {}
    media: set[int] = set()
    for index, text in rows.order_by("index").values_list("index", "facts"):
        facts = json.loads(text)
        if facts["requested_by"] == facts["approved_by"]:
            continue
        for entry in facts["messages"]:
            if entry["leaf"] < index:
                messages[entry["leaf"]] = Purged(tuple(entry["content"]), tuple(entry["raw"]))
        media |= {leaf for leaf in facts["media"] if leaf < index}
    return Purges(messages, frozenset(media))
