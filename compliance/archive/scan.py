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
from compliance.archive.records import UNREADABLE
from compliance.deadlines import alert_due
from compliance.lexicon import Engine, ScanContext, ScanFailed, ScanResult, scan_joined
from compliance.lexicons import active_engine
from compliance.models import Alert, ArchivedMessage, MessageScan
from contacts.models import Customer
from scrm.accounts.models import User

logger = logging.getLogger(__name__)
_BATCH = 200
_JOIN_WITHIN = datetime.timedelta(minutes=2)
Found = dict[str, Any]


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
    rows = messages.select_related("customer", "user__branch")
    while batch := list(rows.filter(id__gt=after)[:_BATCH]):
        after = batch[-1].pk
        count += _scan_batch(batch, active_engine())
    return count


def _scan_batch(batch: list[ArchivedMessage], engine: Engine) -> int:
    judged = []
    before = _earlier_texts(batch)
    for message in batch:
        try:
            judged.append((message, *_judge(engine, message, before.get(message.pk, ""))))
        except ScanFailed:
            # Left without a scan: the sweeper tries again and the board counts it until then.
            logger.error("archived message %s could not be scanned", message.pk)
    _keep(judged)
    return len(judged)


def _judge(
    engine: Engine, message: ArchivedMessage, before: str
) -> tuple[ScanResult, list[Found], int | None]:
    context = _context(message)
    result = engine.scan(message.text, context)
    findings = list(result.to_json()["findings"])
    if before:
        findings += _joined(engine, before, message.text, context, {f["rule_id"] for f in findings})
    return result, findings, max((f["severity"] for f in findings), default=None)


def _context(message: ArchivedMessage) -> ScanContext:
    """Who reads it: an old or very cautious customer makes a promise weigh more."""
    if not message.from_staff:
        return ScanContext(speaker="customer")
    customer = message.customer
    if customer is None:
        return ScanContext()
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
    alone = {finding.rule_id for finding in engine.scan(first, context).findings}
    found = scan_joined(engine, first, second, context).to_json()["findings"]
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
    spoken = [m for m in batch if m.from_staff and m.conversation and m.text]
    if not spoken:
        return {}
    times = [message.sent_at for message in spoken]
    near = ArchivedMessage.objects.filter(
        conversation__in={message.conversation for message in spoken},
        sent_at__range=(min(times) - _JOIN_WITHIN, max(times)),
        action="send",
        from_staff=True,
    ).order_by("sent_at", "id")
    return dict(_neighbours(near, {message.pk for message in spoken}))


def _neighbours(rows: Iterable[ArchivedMessage], wanted: set[int]) -> Iterable[tuple[int, str]]:
    last: dict[tuple[str, str], ArchivedMessage] = {}
    for message in rows:
        key = (message.conversation, message.sender)
        previous = last.get(key)
        if previous and message.pk in wanted and message.sent_at - previous.sent_at <= _JOIN_WITHIN:
            yield message.pk, previous.text
        last[key] = message


@transaction.atomic
def _keep(judged: list[tuple[ArchivedMessage, ScanResult, list[Found], int | None]]) -> None:
    scans = [_scan_row(*entry) for entry in judged]
    MessageScan.objects.bulk_create(scans, ignore_conflicts=True)
    stored = MessageScan.objects.filter(message__in=[entry[0] for entry in judged]).order_by("id")
    latest = {scan.message_id: scan for scan in stored}
    alerts = [
        _alert(message, message.user, latest[message.pk], findings)
        for message, _, findings, severity in judged
        if severity and message.from_staff and message.user is not None
    ]
    Alert.objects.bulk_create(alerts, ignore_conflicts=True)


def _scan_row(
    message: ArchivedMessage, result: ScanResult, findings: list[Found], severity: int | None
) -> MessageScan:
    return MessageScan(
        message=message,
        engine_version=result.engine_version,
        lexicon_version=result.lexicon_version,
        lexicon_digest=result.lexicon_digest,
        severity=severity,
        findings=findings,
    )


def _alert(message: ArchivedMessage, user: User, scan: MessageScan, findings: list[Found]) -> Alert:
    now = timezone.now()
    worst = max(findings, key=lambda finding: finding["severity"])
    return Alert(
        message=message,
        scan=scan,
        severity=worst["severity"],
        category=worst["category"],
        user=user,
        customer=message.customer,
        branch=user.branch,
        raised_at=now,
        due_at=alert_due(worst["severity"], now),
    )
