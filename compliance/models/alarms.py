"""What is wrong with the archive right now, one row per condition; gaps in WeCom's numbering."""

from django.db import models
from django.utils import timezone


class ArchiveAlarm(models.Model):
    class Kind(models.TextChoices):
        STALL = "stall", "收取停止"
        GAP = "gap", "序号缺失"
        LAG = "lag", "收取延迟"
        KEY = "key", "缺少私钥"
        UNDECODABLE = "undecodable", "无法解码"
        UNSCANNED = "unscanned", "未扫描"
        MEDIA = "media", "媒体即将过期"
        MEDIA_LOST = "media_lost", "媒体未能保存"

    class State(models.TextChoices):
        OPEN = "open", "未解除"
        CLOSED = "closed", "已解除"

    kind = models.CharField("告警", max_length=12, choices=Kind)
    # Tells conditions of one kind apart: a key version, a corp.
    key = models.CharField(max_length=64, blank=True)
    state = models.CharField("状态", max_length=8, choices=State, default=State.OPEN)
    details = models.CharField("说明", max_length=300)
    since = models.DateTimeField("开始", default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField("解除", null=True)

    class Meta:
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"], condition=models.Q(state="open"), name="alarm_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.key}".strip()


class ArchiveGap(models.Model):
    """Numbers that were missing between two records. WeCom's numbering may have holes, so each is
    asked for again; what stays empty is noted as such."""

    class State(models.TextChoices):
        OPEN = "open", "待复查"
        FILLED = "filled", "已补齐"
        EMPTY = "empty", "确认为空号"

    corp_id = models.CharField(max_length=64)
    # Both ends are records that we have; missing is what lies between them.
    after = models.BigIntegerField()
    before = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    checks = models.PositiveSmallIntegerField(default=0)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["corp_id", "after"], name="gap_once")]
        indexes = [
            models.Index(fields=["after"], condition=models.Q(state="open"), name="gap_open")
        ]
