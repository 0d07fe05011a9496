"""Scans stored messages and raises alerts. A message that could not be scanned stays unscanned.

Words cut in two are found by scanning a message together with what the same person wrote in the
same conversation within the two minutes before.
"""

import datetime
import logging
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from compliance.archive import locks
from compliance.archive.log.append import append_scans
from compliance.archive.records import UNREADABLE
from compliance.lexicon import Engine, ScanContext, ScanFailed, ScanResult, scan_joined
from compliance.lexicons import active_engine
from compliance.models import ArchivedMessage, MessageScan
from compliance.raising import alerts_raise, message_cause
from contacts.models import Customer
from scrm.accounts.models import User
from scrm.core import bulk, faults
from scrm.core.crypto import DecryptionFailed

logger = logging.getLogger(__name__)
_BATCH = 1000
# What scanning and raising alerts need of a message; its plain JSON stays closed.
READ = (
    "action",
    "text",
    "envelope_id",
    "from_staff",
    "conversation",
    "sender",
    "sent_at",
    "customer_id",
    "user_id",
)
_EARLIER = ("text", "envelope_id", "conversation", "sender", "sent_at")
_JOIN_WITHIN = datetime.timedelta(minutes=2)
Found = dict[str, Any]
Judged = tuple[ArchivedMessage, ScanResult, list[Found], int | None]
_SPOKEN_BY_CUSTOMER, _NOBODY_KNOWN = ScanContext(speaker="customer"), ScanContext()


def unscanned() -> QuerySet[ArchivedMessage]:
    """Readable messages that no engine has judged yet."""
    judged = MessageScan.objects.filter(message_id=OuterRef("pk"))
    return ArchivedMessage.objects.filter(~Q(msgtype__in=UNREADABLE), ~Exists(judged)).order_by(
        "id"
    )


def newest_unscanned() -> QuerySet[ArchivedMessage]:
    """Cheap form of `unscanned` for the usual case: what came after the last judged message."""
    last = MessageScan.objects.order_by("-message_id").values_list("message_id", flat=True).first()
    rows = ArchivedMessage.objects.exclude(msgtype__in=UNREADABLE)
    return rows.filter(id__gt=last or 0).order_by("id")


def scan(messages: QuerySet[ArchivedMessage]) -> int:
    """Scans those messages; returns how many were judged. Raises ScanFailed without a lexicon."""
    with locks.only_one(locks.SCAN) as mine:
        return _scan_all(messages) if mine else 0


def _scan_all(messages: QuerySet[ArchivedMessage]) -> int:
    count, after = 0, 0
    while batch := bulk.read(messages.filter(id__gt=after)[:_BATCH], READ):
        after = batch[-1].pk
        count += _scan_batch(batch, active_engine())
    return count


def scan_stored(messages: Iterable[ArchivedMessage]) -> int:
    """The same for messages at hand, as the decoder has just stored them."""
    with locks.only_one(locks.SCAN) as mine:
        readable = [message for message in messages if message.msgtype not in UNREADABLE]
        return _scan_batch(readable, active_engine()) if mine and readable else 0


def _scan_batch(batch: list[ArchivedMessage], engine: Engine) -> int:
    judged, _ = judge_batch(batch, engine)
    keep(judged)
    faults.reach("F8")
    return len(judged)


def judge_batch(batch: list[ArchivedMessage], engine: Engine) -> tuple[list[Judged], int]:
    """(what the engine says of each message, how many it could not scan); nothing is stored."""
    contexts = _Contexts(batch)
    readable = [(message, text) for message in batch if (text := _opened(message)) is not None]
    given = [contexts.of(message) for message, _ in readable]
    alone = _scanned(engine, [text for _, text in readable], given)
    earlier = _earlier_texts(batch)
    judged: list[Judged] = []
    for (message, text), context, result in zip(readable, given, alone, strict=True):
        try:
            before = earlier.get(message.pk, "")
            judged.append(_judged(engine, message, (before, text), context, result))
        except ScanFailed:
            # Left without a scan: the sweeper tries again and the board counts it until then.
            logger.error("archived message %s could not be scanned", message.pk)
    return judged, len(batch) - len(judged)


def _opened(message: ArchivedMessage) -> str | None:
    """One that does not open must not keep the others from being judged."""
    try:
        return str(message.text)
    except (DecryptionFailed, ValueError):
        logger.error("the text of archived message %s does not open", message.pk)
        return None


def _scanned(
    engine: Engine, texts: list[str], contexts: list[ScanContext]
) -> list[ScanResult | ScanFailed]:
    """In order; a text that could not be scanned has its error in place of a result."""
    found: list[ScanResult | ScanFailed] = []
    for text, context in zip(texts, contexts, strict=True):
        try:
            found.append(engine.scan(text, context))
        except ScanFailed as error:
            found.append(error)
    return found


def _judged(
    engine: Engine,
    message: ArchivedMessage,
    texts: tuple[str, str],
    context: ScanContext,
    result: ScanResult | ScanFailed,
) -> Judged:
    if isinstance(result, ScanFailed):
        raise result
    findings = list(result.to_json()["findings"]) if result.findings else []
    if texts[0]:
        findings += _joined(engine, *texts, context, {f["rule_id"] for f in findings})
    return message, result, findings, max((f["severity"] for f in findings), default=None)


class _Contexts:
    """Who reads each message: an old or very cautious customer makes a promise weigh more."""

    def __init__(self, batch: list[ArchivedMessage]) -> None:
        ids = {m.customer_id for m in batch if m.from_staff and m.customer_id}
        rows = Customer.objects.filter(pk__in=ids)
        facts = rows.only("birthday", "risk_level", "risk_expires_on")
        self.known = {row.pk: _reader(row) for row in facts}

    def of(self, message: ArchivedMessage) -> ScanContext:
        if not message.from_staff:
            return _SPOKEN_BY_CUSTOMER
        return self.known.get(message.customer_id or 0, _NOBODY_KNOWN)


def _reader(customer: Customer) -> ScanContext:
    level = customer.valid_risk_level(timezone.localdate())
    return ScanContext(
        recipient_age=_age(customer), recipient_risk_level=f"C{level}" if level else None
    )


def _age(customer: Customer) -> int | None:
    born, today = customer.birthday, timezone.localdate()
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _joined(
    engine: Engine, first: str, second: str, context: ScanContext, known: set[str]
) -> list[Found]:
    """What only the two messages together say; spans are those inside the second one."""
    joined = scan_joined(engine, first, second, context)
    if not joined.findings:
        return []
    found = joined.to_json()["findings"]
    alone = {finding.rule_id for finding in engine.scan(first, context).findings}
    return [
        {
            **finding,
            "start": max(0, finding["start"] - len(first)),
            "end": max(0, finding["end"] - len(first)),
            "explanation": f"{finding['explanation']}（与两分钟内的上一条消息连读）",
        }
        for finding in found
        if finding["rule_id"] not in known | alone
    ]


def _earlier_texts(batch: list[ArchivedMessage]) -> dict[int, str]:
    """For each message of an employee: what the same person wrote just before it."""
    spoken = [m for m in batch if m.from_staff and m.conversation and m.action == "send"]
    if not spoken:
        return {}
    times = [message.sent_at for message in spoken]
    stored = ArchivedMessage.objects.filter(
        conversation__any_of={message.conversation for message in spoken},
        sent_at__range=(min(times) - _JOIN_WITHIN, max(times)),
        action="send",
        from_staff=True,
        id__none_of=[message.pk for message in spoken],
    )
    others = bulk.read(stored, _EARLIER)
    near = sorted([*spoken, *others], key=lambda message: (message.sent_at, message.pk))
    return dict(_neighbours(near, {message.pk for message in spoken}))


def _neighbours(rows: Iterable[ArchivedMessage], wanted: set[int]) -> Iterable[tuple[int, str]]:
    last: dict[tuple[str, str], ArchivedMessage] = {}
    for message in rows:
        key = (message.conversation, message.sender)
        previous = last.get(key)
        if previous and message.pk in wanted and message.sent_at - previous.sent_at <= _JOIN_WITHIN:
            yield message.pk, _opened(previous) or ""
        last[key] = message


@transaction.atomic
def keep(judged: list[Judged]) -> None:
    """Stores decisions that are new and raises the alerts that come of them."""
    faults.reach("F6")
    now = timezone.now()
    scans = bulk.insert_new([_scan_row(now, *entry) for entry in judged], key="message_id")
    faults.reach("F7")
    hits = [(m, found) for m, _, found, severity in judged if severity and m.from_staff]
    if hits:
        # A rescan has several processes: each must see the repetitions that the others raised.
        locks.until_commit(locks.ALERTS)
        _raise_alerts(hits)
    append_scans(scans)


def _raise_alerts(hits: list[tuple[ArchivedMessage, list[Found]]]) -> None:
    stored = MessageScan.objects.filter(message__in=[message.pk for message, _ in hits])
    latest = {scan.message_id: scan for scan in stored.order_by("id")}
    users = User.objects.select_related("branch").in_bulk({m.user_id for m, _ in hits} - {None})
    causes = [
        message_cause(message, users[message.user_id], latest[message.pk], findings)
        for message, findings in hits
        if message.user_id is not None
    ]
    alerts_raise(causes)


def _scan_row(
    at: datetime.datetime,
    message: ArchivedMessage,
    result: ScanResult,
    findings: list[Found],
    severity: int | None,
) -> MessageScan:
    return bulk.made(
        MessageScan,
        {
            "message_id": message.pk,
            "engine_version": result.engine_version,
            "lexicon_version": result.lexicon_version,
            "lexicon_digest": result.lexicon_digest,
            "severity": severity,
            "findings": [{k: v for k, v in found.items() if k != "excerpt"} for found in findings],
            "at": at,
        },
        {"message": message},
    )
