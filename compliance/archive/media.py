"""Fetches the files that messages name: by chunks, resumable, checked, encrypted, logged.

A row says how far its file came; every step is on disk before the row says so. WeCom forgets files
after a few days, so what waits too long becomes an alarm, and what is lost is said to be lost.
"""

import datetime
import hashlib
import logging
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom.archive import EXPIRED, ArchiveSdk
from compliance.archive import blobs
from compliance.archive.attachments import attachments
from compliance.archive.log.append import append_media
from compliance.models import ArchivedMedia, ArchivedMessage
from scrm.core import bulk

logger = logging.getLogger(__name__)
State = ArchivedMedia.State
_CLAIM_LASTS = datetime.timedelta(minutes=5)
_FIRST_WAIT = datetime.timedelta(seconds=10)
_LONGEST_WAIT = datetime.timedelta(minutes=30)
_MOST_ATTEMPTS = 200


def note(messages: Iterable[ArchivedMessage]) -> None:
    """Notes the files of messages that are being stored, in the same transaction."""
    bulk.copy_in([row for message in messages for row in _rows(message)])


def _rows(message: ArchivedMessage) -> list[ArchivedMedia]:
    return [
        ArchivedMedia(
            message=message,
            position=position,
            kind=found.kind,
            sdkfileid=found.sdkfileid,
            file_hash=hashlib.sha256(found.sdkfileid.encode()).hexdigest(),
            name=found.name,
            stated_md5=found.md5,
        )
        for position, found in enumerate(attachments(message.body, message.msgtype))
    ]


def waiting() -> Q:
    """Due for a try, or left behind by a worker that died."""
    now = timezone.now()
    left = Q(state=State.FETCHING, claimed_at__lt=now - _CLAIM_LASTS)
    return Q(state=State.WAITING, next_try_at__lte=now) | left


def fetch(sdk: ArchiveSdk, limit: int = 100) -> int:
    """Fetches up to `limit` files that are due; returns how many were stored."""
    stored = 0
    for _ in range(limit):
        row = _claim()
        if row is None:
            break
        stored += _fetch_one(sdk, row)
    return stored


@transaction.atomic
def _claim() -> ArchivedMedia | None:
    rows = ArchivedMedia.objects.select_for_update(skip_locked=True, of=("self",))
    row = rows.filter(waiting()).order_by("next_try_at", "id").first()
    if row is not None:
        row.state, row.claimed_at = State.FETCHING, timezone.now()
        row.attempts += 1
        row.save(update_fields=["state", "claimed_at", "attempts"])
    return row


def _fetch_one(sdk: ArchiveSdk, row: ArchivedMedia) -> bool:
    try:
        _download(sdk, row)
        return _finish(row)
    except ProviderError as error:
        _failed(row, error)
    except OSError as error:
        # A full disk passes; what WeCom still has is fetched again.
        logger.error("archive media %s not written: %s", row.pk, type(error).__name__)
        _retry(row, f"文件无法写入（{error.strerror}）")
    return False


def _download(sdk: ArchiveSdk, row: ArchivedMedia) -> None:
    """Goes on after the last chunk that is on disk, or from the start when that is not there."""
    store = blobs.store()
    if not store.has_part(row.part, row.part_bytes):
        row.part, row.part_bytes = store.begin()
        row.chunks, row.next_index, row.size = 0, "", 0
    finished = row.chunks > 0 and not row.next_index
    while not finished:
        chunk = sdk.get_media_chunk(row.sdkfileid, row.next_index)
        finished = chunk.finished
        row.part_bytes = store.append(
            row.part, row.part_bytes, row.chunks, chunk.data, last=finished
        )
        row.chunks, row.next_index = row.chunks + 1, "" if finished else chunk.next_index
        row.size += len(chunk.data)
        # The claim is renewed with each chunk.
        row.claimed_at = timezone.now()
        row.save(update_fields=["part", "part_bytes", "chunks", "next_index", "size", "claimed_at"])


def _finish(row: ArchivedMedia) -> bool:
    store = blobs.store()
    sha256, sm3, md5 = _digests(store, row)
    row.mismatch = bool(row.stated_md5) and row.stated_md5 != md5
    if row.mismatch and row.attempts < 2:
        # The contract knows of sums that never match: once more, then it is kept and flagged.
        store.drop_part(row.part)
        _retry(row, "校验值不符，重新下载")
        return False
    store.keep(row.part, sha256)
    _stored(row, sha256, sm3)
    return True


def _digests(store: blobs.FileBlobs, row: ArchivedMedia) -> tuple[str, str, str]:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    sm3 = hashlib.new("sm3")
    for chunk in store.read_part(row.part, row.part_bytes):
        for digest in (sha256, sm3, md5):
            digest.update(chunk)
    return sha256.hexdigest(), sm3.hexdigest(), md5.hexdigest()


@transaction.atomic
def _stored(row: ArchivedMedia, sha256: str, sm3: str) -> None:
    current = ArchivedMedia.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if current.state != State.FETCHING:
        return
    row.sha256, row.sm3, row.state, row.stored_at = sha256, sm3, State.STORED, timezone.now()
    row.part, row.part_bytes, row.error = "", 0, ""
    row.save()
    append_media([(row.pk, facts(row))])


def facts(row: ArchivedMedia) -> dict[str, object]:
    """What the leaf of a file says."""
    envelope = row.message.envelope
    return {
        "corp": envelope.corp_id,
        "file": row.file_hash,
        "kind": row.kind,
        "mismatch": row.mismatch,
        "msgid": row.message.msgid,
        "position": row.position,
        "seq": envelope.seq,
        "sha256": row.sha256,
        "size": row.size,
        "sm3": row.sm3,
    }


def _failed(row: ArchivedMedia, error: ProviderError) -> None:
    if error.errcode == EXPIRED:
        _end(row, State.EXPIRED, error.message)
    elif error.kind is ErrorClass.PERMANENT or row.attempts >= _MOST_ATTEMPTS:
        _end(row, State.FAILED, error.message)
    else:
        _retry(row, error.message)


def _end(row: ArchivedMedia, state: str, why: str) -> None:
    logger.error("archive media %s is lost: %s", row.pk, why)
    row.state, row.error = state, why[:200]
    row.save(update_fields=["state", "error"])


def _retry(row: ArchivedMedia, why: str) -> None:
    wait = min(_FIRST_WAIT * 2 ** min(row.attempts - 1, 10), _LONGEST_WAIT)
    row.state, row.error, row.next_try_at = State.WAITING, why[:200], timezone.now() + wait
    row.save(update_fields=["state", "error", "next_try_at", "mismatch"])
