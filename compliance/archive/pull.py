"""Fetches envelopes and commits them, with the cursor, before anything looks inside."""

import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from channels.providers.base import ProviderError
from channels.providers.wecom.archive import TOO_LARGE, ArchiveSdk
from compliance.archive import locks
from compliance.models import ArchiveCursor, ArchiveEnvelope
from scrm.core import bulk

logger = logging.getLogger(__name__)
_LIMIT = 1000


def pull(sdk: ArchiveSdk, *, limit: int = _LIMIT) -> int:
    """Pulls until nothing newer is left; returns how many envelopes came. One puller at a time."""
    with locks.only_one(locks.PULL) as mine:
        return _pull_all(sdk, limit) if mine else 0


def _pull_all(sdk: ArchiveSdk, limit: int) -> int:
    corp, count = settings.WECOM_CORP_ID, 0
    seq = cursor_seq(corp)
    while rows := _fetch(sdk, seq, limit):
        # The records end the walk, not a short page; a page that brings nothing newer would loop.
        highest = store(corp, rows)
        count += len(rows)
        if highest <= seq:
            break
        seq = highest
    return count


def cursor_seq(corp: str) -> int:
    return ArchiveCursor.objects.filter(corp_id=corp).values_list("seq", flat=True).first() or 0


def _fetch(sdk: ArchiveSdk, seq: int, limit: int) -> list[dict[str, Any]]:
    while True:
        try:
            return sdk.get_chat_data(seq, limit)
        except ProviderError as error:
            if error.errcode != TOO_LARGE or limit == 1:
                raise
            limit = max(1, limit // 2)


@transaction.atomic
def store(corp: str, rows: list[dict[str, Any]]) -> int:
    """Keeps the envelopes and moves the cursor in one transaction; returns the cursor."""
    ArchiveCursor.objects.get_or_create(corp_id=corp)
    cursor = ArchiveCursor.objects.select_for_update().get(corp_id=corp)
    _keep([_envelope(corp, row) for row in sorted(rows, key=_seq)], cursor.seq)
    cursor.seq = max(cursor.seq, *(_seq(row) for row in rows))
    cursor.moved_at = timezone.now()
    cursor.save(update_fields=["seq", "moved_at"])
    return cursor.seq


def _keep(envelopes: list[ArchiveEnvelope], cursor: int) -> None:
    """Beyond the cursor nothing can be stored yet; a page that reaches back is told apart by row."""
    fresh = {row.seq: row for row in envelopes if row.seq > cursor}
    bulk.copy_in(list(fresh.values()))
    ArchiveEnvelope.objects.bulk_create(
        [row for row in envelopes if row.seq <= cursor], ignore_conflicts=True
    )


def _seq(row: dict[str, Any]) -> int:
    return int(row["seq"])


def _envelope(corp: str, row: dict[str, Any]) -> ArchiveEnvelope:
    """Anything missing inside stays missing: decoding names it, pulling must not stop at it."""
    version = row.get("publickey_ver")
    return ArchiveEnvelope(
        corp_id=corp,
        seq=_seq(row),
        msgid=_text(row, "msgid")[:120],
        publickey_ver=version if isinstance(version, int) else 0,
        encrypt_random_key=_text(row, "encrypt_random_key"),
        encrypt_chat_msg=_text(row, "encrypt_chat_msg"),
    )


def _text(row: dict[str, Any], name: str) -> str:
    # PostgreSQL knows no zero bytes; base64 has none.
    return str(row.get(name) or "").replace("\x00", "")
