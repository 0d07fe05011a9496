"""Copies of files at WeCom, renewed well before they die, so that no greeting waits for an upload.

Upper apps say which files must be there (`register_wanted`); a periodic task looks after them.
"""

import datetime
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone

from channels.models import MediaFile, MediaUpload
from channels.providers.base import ProviderError
from channels.providers.wecom.api import wecom
from channels.providers.wecom.applications import corp_ids
from channels.providers.wecom.wire import File

logger = logging.getLogger(__name__)
_LEASE = datetime.timedelta(minutes=3)
_LONGEST_PAUSE = datetime.timedelta(hours=1)
# Where an attachment names a file of ours; WeCom gets its media id under the other name.
_PLACES = {"file": "media_id", "pic_file": "pic_media_id"}

# Ids of the files that must stand at WeCom now.
Wanted = Callable[[], set[int]]
_wanted: list[Wanted] = []


def register_wanted(wanted: Wanted) -> None:
    if wanted not in _wanted:
        _wanted.append(wanted)


def refresh_due() -> int:
    """Uploads what is wanted and missing, refused or soon to expire; returns how many came through."""
    files = set().union(*(wanted() for wanted in _wanted))
    for corp_id in corp_ids():
        MediaUpload.objects.bulk_create(
            [MediaUpload(file_id=pk, corp_id=corp_id) for pk in sorted(files)],
            ignore_conflicts=True,
        )
    return sum(_upload(row) for row in _due(files) if _claim(row))


def _due(files: set[int]) -> list[MediaUpload]:
    now = timezone.now()
    soon = now + datetime.timedelta(hours=settings.WECOM_MEDIA_RENEW_HOURS)
    rows = MediaUpload.objects.filter(file__in=files, corp_id__in=corp_ids())
    waiting = rows.filter(next_attempt_at__lte=now).exclude(expires_at__gt=soon)
    return list(waiting.order_by("expires_at", "id"))


def _claim(row: MediaUpload) -> bool:
    mine = MediaUpload.objects.filter(pk=row.pk, next_attempt_at=row.next_attempt_at)
    return bool(mine.update(next_attempt_at=timezone.now() + _LEASE))


def _upload(row: MediaUpload) -> bool:
    """One call. An upload whose end is unknown is simply made again: nobody sees a spare copy."""
    file = MediaFile.objects.get(pk=row.file_id)
    began = timezone.now()
    try:
        sent = File(file.name, bytes(file.content), file.content_type)
        media_id = wecom(row.corp_id).media.upload(file.kind, sent)
    except ProviderError as error:
        _failed(row, error.message)
        return False
    life = datetime.timedelta(hours=settings.WECOM_MEDIA_HOURS)
    MediaUpload.objects.filter(pk=row.pk).update(
        media_id=media_id, expires_at=began + life, error="", attempts=0, next_attempt_at=began
    )
    return True


def _failed(row: MediaUpload, message: str) -> None:
    """The copy that is still alive goes on being used."""
    logger.warning("media %s for %s: %s", row.file_id, row.corp_id, message)
    pause = min(datetime.timedelta(minutes=2 ** min(row.attempts, 10)), _LONGEST_PAUSE)
    MediaUpload.objects.filter(pk=row.pk).update(
        error=message[:300], attempts=row.attempts + 1, next_attempt_at=timezone.now() + pause
    )


@dataclass(frozen=True, slots=True)
class Filled:
    """attachments as WeCom takes them; missing: names of files without a live copy."""

    attachments: list[dict[str, Any]]
    missing: list[str]


def filled(corp_id: str, attachments: Iterable[dict[str, Any]]) -> Filled:
    """Puts media ids where files are named; reads our rows only. What has no copy is left out."""
    parts = [(part, part[part["msgtype"]]) for part in attachments]
    copies = _alive(corp_id, {pk for _, body in parts for pk in _files(body)})
    out, missing = [], []
    for part, body in parts:
        if set(_files(body)) <= set(copies):
            out.append({**part, part["msgtype"]: _told(body, copies)})
        else:
            missing.append(str(body.get("name") or body.get("title") or part["msgtype"]))
    return Filled(out, missing)


def _files(body: dict[str, Any]) -> list[int]:
    return [body[place] for place in _PLACES if place in body]


def _alive(corp_id: str, files: set[int]) -> dict[int, str]:
    if not files:
        return {}
    rows = MediaUpload.objects.filter(corp_id=corp_id, file__in=files)
    return dict(rows.filter(expires_at__gt=timezone.now()).values_list("file_id", "media_id"))


def _told(body: dict[str, Any], copies: dict[int, str]) -> dict[str, Any]:
    """`name` is ours, for pages and sentences."""
    there = {_PLACES[place]: copies[body[place]] for place in _PLACES if place in body}
    return {k: v for k, v in body.items() if k not in _PLACES and k != "name"} | there


def distrust(corp_id: str, attachments: Iterable[dict[str, Any]]) -> None:
    """WeCom refused one of these: all are uploaded anew, as it does not say which."""
    files = {pk for part in attachments for pk in _files(part[part["msgtype"]])}
    rows = MediaUpload.objects.filter(corp_id=corp_id, file__in=files)
    rows.update(expires_at=None, next_attempt_at=timezone.now(), error="企业微信不认这个文件了。")


def copies_of(files: Iterable[int]) -> dict[int, list[MediaUpload]]:
    """{file id: its copies at the corporations configured now}, for pages."""
    rows = MediaUpload.objects.filter(file__in=list(files), corp_id__in=corp_ids())
    found: dict[int, list[MediaUpload]] = {}
    for row in rows.order_by("id"):
        found.setdefault(row.file_id, []).append(row)
    return found
