"""Scans stored messages and raises alerts. A message that could not be scanned stays unscanned."""

import datetime
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from compliance.archive import locks
from compliance.archive.judging import READ, Found, Judged, judge_batch
from compliance.archive.log.append import append_scans
from compliance.archive.records import UNREADABLE
from compliance.lexicon import Engine
from compliance.lexicons import active_engine
from compliance.models import ArchivedMessage, MessageScan
from compliance.raising import alerts_raise, message_cause
from scrm.accounts.models import User
from scrm.core import bulk, faults

_BATCH = 1000


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


@transaction.atomic
def keep(judged: list[Judged]) -> None:
    """Stores decisions that are new and raises the alerts that come of them."""
    faults.reach("F6")
    now = timezone.now()
    scans = bulk.insert_new([_scan_row(now, entry) for entry in judged], key="message_id")
    faults.reach("F7")
    hits = [(j.message, j.findings) for j in judged if j.severity and j.message.from_staff]
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


def _scan_row(at: datetime.datetime, judged: Judged) -> MessageScan:
    message, result, findings, severity, given = judged
    return bulk.made(
        MessageScan,
        {
            "message_id": message.id,
            "engine_version": result.engine_version,
            "lexicon_version": result.lexicon_version,
            "lexicon_digest": result.lexicon_digest,
            "severity": severity,
            "findings": [{k: v for k, v in found.items() if k != "excerpt"} for found in findings],
            "given": given,
            "at": at,
        },
        {"message": message},
    )
