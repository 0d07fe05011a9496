"""Callbacks as they came: durable before WeCom is answered."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone


class InboxEvent(models.Model):
    class State(models.TextChoices):
        NEW = "new", "待处理"
        CLAIMED = "claimed", "处理中"
        DONE = "done", "已处理"
        IGNORED = "ignored", "未知类型"
        DEAD = "dead", "死信"

    corp_id = models.CharField(max_length=64)
    agent_id = models.CharField(max_length=20)
    # Hash of the decrypted body: WeCom repeats a push with a fresh nonce and the same body.
    digest = models.CharField(max_length=64)
    event = models.CharField("事件", max_length=60)
    change_type = models.CharField("变更", max_length=60, blank=True)
    body = models.JSONField()
    happened_at = models.DateTimeField("发生时间")
    received_at = models.DateTimeField("收到时间", default=timezone.now)
    state = models.CharField("状态", max_length=10, choices=State, default=State.NEW)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    last_error = models.CharField("错误", max_length=300, blank=True)
    handled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["corp_id", "digest"], name="inbox_once")]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state__in=["new", "claimed"]),
                name="inbox_waiting",
            ),
            models.Index(
                fields=["state", "-id"],
                condition=models.Q(state__in=["dead", "ignored"]),
                name="inbox_unhandled",
            ),
            # What is old enough to be forgotten; rows come in the order of time, so this one is tiny.
            BrinIndex(fields=["received_at"], autosummarize=True, name="inbox_received"),
        ]

    def __str__(self) -> str:
        return f"{self.event}/{self.change_type}".rstrip("/")
