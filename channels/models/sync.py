"""Walks over WeCom's data: where one is, so that a killed one goes on there."""

from django.db import models
from django.utils import timezone


class SyncRun(models.Model):
    class State(models.TextChoices):
        RUNNING = "running", "进行中"
        DONE = "done", "完成"
        FAILED = "failed", "失败"

    class Kind(models.TextChoices):
        ORG = "org", "组织与员工"
        TAGS = "tags", "企业标签"
        CONTACTS = "contacts", "客户与好友"
        GROUPS = "groups", "客户群"
        CONTACT_WAYS = "contact_ways", "活码"

    # "" = the bank's first corporation.
    corp_id = models.CharField(max_length=64, blank=True)
    kind = models.CharField("内容", max_length=20, choices=Kind)
    state = models.CharField("状态", max_length=10, choices=State, default=State.RUNNING)
    total = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    # What is to be read, decided once at the start; null until then.
    plan = models.JSONField(null=True)
    # Where in the plan the next page lies: committed with the rows that the last page brought.
    position = models.JSONField(default=dict)
    # Parts of the plan that WeCom refused to show.
    unread = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    error = models.CharField("错误", max_length=300, blank=True)
    # Faults of ours in a row, without a page between them.
    failures = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField("开始", default=timezone.now)
    touched_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField("结束", null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "corp_id"],
                condition=models.Q(state="running"),
                name="sync_one_running",
            )
        ]
        indexes = [models.Index(fields=["kind", "corp_id", "-id"], name="sync_history")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.started_at:%m-%d %H:%M}"
