"""From stored rows to what their leaves hash."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from compliance.archive.log import leaves
from compliance.archive.log.canonical import canonical, moment
from compliance.models import ArchivedMessage, ArchiveEnvelope, Decision, MessageScan
from scrm.audit.models import AuditEvent

# One look into the row's own dictionary: reading foreign keys as attributes costs more than the rest.
_message_columns = itemgetter(
    "action",
    "contact_id",
    "conversation",
    "customer_id",
    "error",
    "from_staff",
    "msgid",
    "msgtype",
    "recalls",
    "receivers",
    "room_id",
    "sender",
    "sent_at",
    "user_id",
)


def message_facts(message: ArchivedMessage) -> leaves.MessageFacts:
    """Of a message with all its columns."""
    return leaves.MessageFacts(*_facts(message, message.envelope))


def _facts(message: ArchivedMessage, envelope: ArchiveEnvelope) -> leaves.MessageTuple:
    action, contact, conversation, customer, error, from_staff, msgid, *rest = _message_columns(
        message.__dict__
    )
    msgtype, recalls, names, room_id, sender, sent_at, user = rest
    return (
        *(action, contact, conversation, envelope.corp_id, customer, envelope.msgid, error),
        *(from_staff, msgid, msgtype, recalls, moment(envelope.received_at), _receivers(names)),
        *(room_id, sender, moment(sent_at), envelope.seq, user),
    )


def _receivers(names: Any) -> str:
    """The same few people talk all day, so lists of names are kept; anything else is not equal by
    its value alone (1, true)."""
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return _names(tuple(names))
    return canonical(names)


@lru_cache(maxsize=4096)
def _names(names: tuple[str, ...]) -> str:
    return canonical(names)


def message_tails(
    messages: Sequence[ArchivedMessage], salts: Sequence[bytes]
) -> list[leaves.Tails]:
    """Of many at once: hashing is cheaper so."""
    envelopes = [message.envelope for message in messages]
    raw = [
        leaves.raw_bytes(row.publickey_ver, row.encrypt_random_key, row.encrypt_chat_msg)
        for row in envelopes
    ]
    said = [message.content for message in messages]
    content = list(map(leaves.content_bytes, salts, said))
    facts = (
        leaves.message_json(_facts(message, envelope))
        for message, envelope in zip(messages, envelopes, strict=True)
    )
    return list(map(leaves.message_tails, facts, leaves.digests(raw), leaves.digests(content)))


_scan_columns = itemgetter(
    "lexicon_digest",
    "engine_version",
    "findings",
    "lexicon_version",
    "message_id",
    "at",
    "severity",
    "given",
)


def scan_json(scan: MessageScan) -> str:
    digest, engine, findings, lexicon, message, at, severity, given = _scan_columns(scan.__dict__)
    found = canonical(plain(findings)) if findings else "[]"
    told = None if given is None else _given(given)
    return leaves.scan_json((digest, engine, found, lexicon, message, moment(at), severity, told))


def _given(facts: dict[str, Any]) -> str:
    """Most customers are read by what is known of them, and of many that is nothing."""
    return _canonical_given(tuple(facts.items())) if facts else "{}"


@lru_cache(maxsize=4096)
def _canonical_given(facts: tuple[tuple[str, Any], ...]) -> str:
    return canonical(plain(dict(facts)))


def decision_json(row: Decision) -> str:
    return canonical(
        {
            "alert": row.alert_id,
            "by": row.by_id,
            "decided_at": moment(row.at),
            "decision": row.decision,
            "digest": row.lexicon_digest,
            "draw": plain(row.draw),
            "engine": row.engine_version,
            "lexicon": row.lexicon_version,
            "reason": row.reason,
            "seconds": row.seconds,
            "severity": row.severity,
            "step": row.step,
            "text_hash": row.text_hash,
        }
    )


def audit_json(event: AuditEvent) -> str:
    return canonical(
        {
            "action": event.action,
            "actor": event.actor_id,
            "actor_name": event.actor_name,
            "actor_role": event.actor_role,
            "after": plain(event.after),
            "before": plain(event.before),
            "branch_path": event.branch_path,
            "ip": ipaddress.ip_address(event.ip).compressed if event.ip else "",
            "label": event.object_label,
            "object_id": event.object_id,
            "object_type": event.object_type,
            "reason": event.reason,
            "recorded_at": moment(event.at),
            "request_id": event.request_id,
        }
    )


def plain(value: Any) -> Any:
    """JSON as jsonb gives it back: whole floats become integers, others their shortest text."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else repr(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
