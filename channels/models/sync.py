"""Walks over WeCom's data: where one is, so that a killed one goes on there."""

from django.db import models
from django.utils import timezone


class SyncRun(models.Model):
    class State(models.TextChoices):
        RUNNING = "running", "进行中"
        DONE = "done", "完成"
        FAILED = "failed", "失败"

    kind = models.CharField("内容", max_length=20)
    state = models.CharField("状态", max_length=10, choices=State, default=State.RUNNING)
    total = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    # {"pending": [userid, …], "cursor": "…"}: committed with the rows that the page brought.
    position = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    error = models.CharField("错误", max_length=300, blank=True)
    started_at = models.DateTimeField("开始", default=timezone.now)
    touched_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField("结束", null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(state="running"), name="sync_one_running"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.started_at:%m-%d %H:%M}"
