"""Fetches envelopes and commits them, with the cursor, before anything looks inside."""

import datetime
import itertools
import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from channels.providers.base import ProviderError
from channels.providers.wecom.archive import TOO_LARGE, ArchiveSdk
from compliance.archive import locks
from compliance.models import ArchiveCursor, ArchiveEnvelope, ArchiveGap
from scrm.core import bulk, collector, faults

logger = logging.getLogger(__name__)
_LIMIT = 1000
# Some 30 MB; what is pulled beyond is read back.
_MOST_AT_HAND = 20_000
# Envelopes by their key.
AtHand = dict[int, ArchiveEnvelope]


def pull(sdk: ArchiveSdk, *, limit: int = _LIMIT, at_hand: AtHand | None = None) -> int:
    """Pulls until nothing newer is left; returns how many envelopes came. One puller at a time.

    `at_hand` is filled with the first of those that were committed, so that decoding need not read
    them back."""
    with locks.only_one(locks.PULL) as mine:
        return _pull_all(sdk, limit, {} if at_hand is None else at_hand) if mine else 0


def _pull_all(sdk: ArchiveSdk, limit: int, at_hand: AtHand) -> int:
    corp, count = settings.WECOM_CORP_ID, 0
    seq = cursor_seq(corp)
    while rows := _answered(sdk, corp, seq, limit):
        faults.reach("F1")
        # The records end the walk, not a short page; a page that brings nothing newer would loop.
        with collector.resting():
            highest, kept = store(corp, rows)
        faults.reach("F2")
        if len(at_hand) < _MOST_AT_HAND:
            at_hand.update((row.id, row) for row in kept)
        count += len(rows)
        if highest <= seq:
            break
        seq = highest
    return count


def cursor_seq(corp: str) -> int:
    return ArchiveCursor.objects.filter(corp_id=corp).values_list("seq", flat=True).first() or 0


def _answered(sdk: ArchiveSdk, corp: str, seq: int, limit: int) -> list[dict[str, Any]]:
    """Asks, and notes when the source answered last: silence becomes an alarm."""
    try:
        rows = _fetch(sdk, seq, limit)
    except ProviderError as error:
        ArchiveCursor.objects.get_or_create(corp_id=corp)
        ArchiveCursor.objects.filter(corp_id=corp).update(error=error.message[:200])
        raise
    if not rows:
        ArchiveCursor.objects.get_or_create(corp_id=corp)
        ArchiveCursor.objects.filter(corp_id=corp).update(answered_at=timezone.now(), error="")
    return rows


def _fetch(sdk: ArchiveSdk, seq: int, limit: int) -> list[dict[str, Any]]:
    while True:
        try:
            return sdk.get_chat_data(seq, limit)
        except ProviderError as error:
            if error.errcode != TOO_LARGE or limit == 1:
                raise
            limit = max(1, limit // 2)


@transaction.atomic
def store(corp: str, rows: list[dict[str, Any]]) -> tuple[int, list[ArchiveEnvelope]]:
    """Keeps the envelopes and moves the cursor in one transaction; returns the cursor, and the
    envelopes beyond the last one."""
    ArchiveCursor.objects.get_or_create(corp_id=corp)
    cursor = ArchiveCursor.objects.select_for_update().get(corp_id=corp)
    now = timezone.now()
    kept = _keep([_envelope(corp, row, now) for row in sorted(rows, key=_seq)], cursor.seq)
    _note_gaps(corp, cursor.seq, sorted({_seq(row) for row in rows}))
    cursor.seq = max(cursor.seq, *(_seq(row) for row in rows))
    cursor.moved_at = cursor.answered_at = now
    cursor.error = ""
    cursor.save(update_fields=["seq", "moved_at", "answered_at", "error"])
    return cursor.seq, kept


def _note_gaps(corp: str, cursor: int, seqs: list[int]) -> None:
    """Numbers left out between two records. Before the first pull nothing is known to be missing."""
    known = [cursor, *(seq for seq in seqs if seq > cursor)] if cursor else seqs
    bulk.insert_new(
        [
            ArchiveGap(corp_id=corp, after=after, before=before)
            for after, before in itertools.pairwise(known)
            if before > after + 1
        ]
    )


def _keep(envelopes: list[ArchiveEnvelope], cursor: int) -> list[ArchiveEnvelope]:
    """Beyond the cursor nothing can be stored yet; a page that reaches back is told apart by row."""
    fresh = list({row.seq: row for row in envelopes if row.seq > cursor}.values())
    bulk.copy_in(fresh)
    ArchiveEnvelope.objects.bulk_create(
        [row for row in envelopes if row.seq <= cursor], ignore_conflicts=True
    )
    return fresh


def _seq(row: dict[str, Any]) -> int:
    return int(row["seq"])


def _envelope(corp: str, row: dict[str, Any], at: datetime.datetime) -> ArchiveEnvelope:
    """Anything missing inside stays missing: decoding names it, pulling must not stop at it."""
    version = row.get("publickey_ver")
    return bulk.made(
        ArchiveEnvelope,
        {
            "corp_id": corp,
            "seq": _seq(row),
            "msgid": _text(row, "msgid")[:120],
            "publickey_ver": version if isinstance(version, int) else 0,
            "encrypt_random_key": _text(row, "encrypt_random_key"),
            "encrypt_chat_msg": _text(row, "encrypt_chat_msg"),
            "received_at": at,
        },
    )


def _text(row: dict[str, Any], name: str) -> str:
    # PostgreSQL knows no zero bytes; base64 has none.
    return str(row.get(name) or "").replace("\x00", "")
