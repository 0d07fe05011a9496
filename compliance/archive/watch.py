"""Looks every few seconds for what endangers the archive; one open alarm per condition, no flood.

An alarm opens when its condition is first seen and closes when it has ended. Nothing here depends on
the puller or a worker being alive: the conditions are read from the rows and the clock.
"""

import datetime
import logging
from collections.abc import Iterator
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from compliance.archive import gaps, keys, locks, rounds
from compliance.archive.records import UNDECODABLE
from compliance.models import (
    ArchiveAlarm,
    ArchiveCursor,
    ArchivedMedia,
    ArchivedMessage,
    ArchiveEnvelope,
)
from scrm.accounts.models import User
from scrm.accounts.notices import notice_send
from scrm.core.access import HQ, OFFICER

logger = logging.getLogger(__name__)
Kind = ArchiveAlarm.Kind
# Who hears of an alarm.
_TOLD = (OFFICER, HQ)
_LATELY = datetime.timedelta(hours=24)


class Condition(NamedTuple):
    kind: str
    key: str
    details: str


def watch() -> int:
    """Opens, refreshes and closes alarms; returns how many are open."""
    with locks.only_one(locks.WATCH) as mine:
        if mine:
            _reconcile(list(conditions(timezone.now())))
    return ArchiveAlarm.objects.filter(state=ArchiveAlarm.State.OPEN).count()


def conditions(now: datetime.datetime) -> Iterator[Condition]:
    yield from _stall(now)
    yield from _gaps()
    yield from _lag(now)
    yield from _keys()
    yield from _undecodable(now)
    yield from _unscanned(now)
    yield from _media(now)


def _stall(now: datetime.datetime) -> Iterator[Condition]:
    limit = now - datetime.timedelta(seconds=settings.ARCHIVE_STALL_SECONDS)
    for cursor in ArchiveCursor.objects.filter(answered_at__lt=limit):
        quiet = int((now - cursor.answered_at).total_seconds())
        why = f"；{cursor.error}" if cursor.error else ""
        details = f"已 {quiet} 秒没有成功收取{why}。企业微信只保留几天，停得太久会丢失证据。"
        yield Condition(Kind.STALL, cursor.corp_id, details)


def _gaps() -> Iterator[Condition]:
    """WeCom's numbering has holes, so only those count that re-asking has not settled in time."""
    rows = gaps.unsettled()
    first = rows.order_by("after").first()
    if first is not None:
        span = f"{first.after + 1}–{first.before - 1}"
        details = f"{rows.count()} 处序号缺失未能按时复查，最早为 {span}，其中可能有漏收的记录。"
        yield Condition(Kind.GAP, first.corp_id, details)


def _lag(now: datetime.datetime) -> Iterator[Condition]:
    limit = datetime.timedelta(minutes=settings.ARCHIVE_LAG_MINUTES)
    newest = ArchivedMessage.objects.exclude(msgtype=UNDECODABLE).order_by("-id")
    last = newest.values_list("sent_at", "envelope__received_at").first()
    if last and last[1] - last[0] > limit and now - last[1] < limit:
        minutes = int((last[1] - last[0]).total_seconds() // 60)
        yield Condition(Kind.LAG, "", f"最新收到的消息晚了 {minutes} 分钟。")
    waits = rounds.undecoded().filter(received_at__lt=now - limit).count()
    if waits:
        yield Condition(
            Kind.LAG,
            "decode",
            f"{waits} 条记录收到超过 {settings.ARCHIVE_LAG_MINUTES} 分钟仍未解密。",
        )


def _keys() -> Iterator[Condition]:
    versions = rounds.undecoded().values_list("publickey_ver", flat=True)
    for version in sorted(set(versions[:100_000])):
        try:
            keys.opener(settings.WECOM_ARCHIVE_KEYS_DIR, version)
        except keys.KeyMissing:
            count = rounds.undecoded().filter(publickey_ver=version).count()
            yield Condition(
                Kind.KEY, str(version), f"缺少第 {version} 版私钥，{count} 条记录等待解密。"
            )


def _undecodable(now: datetime.datetime) -> Iterator[Condition]:
    recent = ArchiveEnvelope.objects.filter(received_at__gte=now - _LATELY)
    count = recent.filter(message__msgtype=UNDECODABLE).count()
    if count:
        yield Condition(Kind.UNDECODABLE, "", f"24 小时内有 {count} 条记录无法解码，原文已保留。")


def _unscanned(now: datetime.datetime) -> Iterator[Condition]:
    oldest = rounds.unscanned_since()
    if oldest and now - oldest > datetime.timedelta(minutes=settings.ARCHIVE_UNSCANNED_MINUTES):
        minutes = int((now - oldest).total_seconds() // 60)
        yield Condition(Kind.UNSCANNED, "", f"最早一条未扫描的消息已等待 {minutes} 分钟。")


def _media(now: datetime.datetime) -> Iterator[Condition]:
    limit = now - datetime.timedelta(hours=settings.ARCHIVE_MEDIA_HOURS)
    waiting = ArchivedMedia.objects.filter(state__in=("waiting", "fetching"), seen_at__lt=limit)
    if count := waiting.count():
        yield Condition(
            Kind.MEDIA,
            "",
            f"{count} 个文件等待下载超过 {settings.ARCHIVE_MEDIA_HOURS} 小时，企业微信即将删除。",
        )
    lost = ArchivedMedia.objects.filter(
        state__in=("expired", "failed"), seen_at__gte=now - 3 * _LATELY
    )
    if count := lost.count():
        yield Condition(Kind.MEDIA_LOST, "", f"近 3 天有 {count} 个文件未能保存：已过期或被拒绝。")


@transaction.atomic
def _reconcile(found: list[Condition]) -> None:
    now = timezone.now()
    wanted = {(row.kind, row.key): row.details[:300] for row in found}
    for alarm in ArchiveAlarm.objects.select_for_update().filter(state=ArchiveAlarm.State.OPEN):
        details = wanted.pop((alarm.kind, alarm.key), None)
        if details is None:
            alarm.state, alarm.closed_at = ArchiveAlarm.State.CLOSED, now
        else:
            alarm.details, alarm.seen_at = details, now
        alarm.save()
    for (kind, key), details in wanted.items():
        logger.error("archive alarm %s %s: %s", kind, key, details)
        _tell(
            ArchiveAlarm.objects.create(kind=kind, key=key, details=details, since=now, seen_at=now)
        )


def _tell(alarm: ArchiveAlarm) -> None:
    """The archive belongs to no branch: every officer hears of it, in the bell of each page."""
    notice_send(
        to=User.objects.filter(role__in=_TOLD, is_active=True),
        text=f"存档告警「{alarm.get_kind_display()}」：{alarm.details}",
        url=reverse("compliance:board"),
        key=f"archive-alarm:{alarm.pk}",
    )


def open_alarms() -> list[ArchiveAlarm]:
    return list(ArchiveAlarm.objects.filter(state=ArchiveAlarm.State.OPEN).order_by("since"))


def last_answer() -> datetime.datetime | None:
    found = ArchiveCursor.objects.aggregate(last=Max("answered_at"))["last"]
    return found if isinstance(found, datetime.datetime) else None
