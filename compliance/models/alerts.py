"""Alerts and cases."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from compliance.models.archive import ArchivedMessage, MessageScan
from contacts.models import Customer
from scrm.accounts.models import Branch
from scrm.core.scope import ScopedQuerySet

SEVERITIES = [(0, "观察"), (1, "提示"), (2, "警告"), (3, "严重"), (4, "禁止")]


class Alert(models.Model):
    class State(models.TextChoices):
        NEW = "new", "待处理"
        CLAIMED = "claimed", "处理中"
        AWAITING_SECOND = "awaiting_second", "待复核"
        DISMISSED = "dismissed", "已排除"
        CONFIRMED = "confirmed", "已确认"

    message = models.OneToOneField(ArchivedMessage, models.PROTECT, related_name="alert")
    scan = models.ForeignKey(MessageScan, models.PROTECT, related_name="+")
    severity = models.PositiveSmallIntegerField("级别", choices=SEVERITIES)
    category = models.CharField("类别", max_length=30)
    state = models.CharField("状态", max_length=20, choices=State, default=State.NEW)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="alerts", verbose_name="员工"
    )
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="+")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    raised_at = models.DateTimeField("时间", default=timezone.now)
    due_at = models.DateTimeField("截止")
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    claimed_at = models.DateTimeField(null=True)
    # First decision; for S3 and above a second person makes it final.
    proposal = models.CharField(max_length=10, blank=True)
    first_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField("理由", max_length=500, blank=True)

    objects = ScopedQuerySet["Alert"].as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["state", "-severity", "due_at"], name="alert_queue"),
            models.Index(fields=["branch", "raised_at"], name="alert_branch"),
        ]

    def __str__(self) -> str:
        return f"预警 {self.pk}"


class Case(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "已立案"
        ACTION = "action", "处置中"
        CLOSED = "closed", "已结案"

    alert = models.OneToOneField(Alert, models.PROTECT, related_name="case")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    state = models.CharField("状态", max_length=10, choices=State, default=State.OPEN)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField("截止")
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)
    evidence = models.CharField("结案依据", max_length=500, blank=True)

    objects = ScopedQuerySet["Case"].as_manager()

    class Meta:
        ordering = ["-opened_at"]

    def __str__(self) -> str:
        return f"工单 {self.pk}"


class CaseAction(models.Model):
    class Kind(models.TextChoices):
        TRAINING = "training", "培训教育"
        WARNING = "warning", "书面警告"
        CALL_BACK = "call_back", "客户回访"
        ESCALATION = "escalation", "升级上报"

    case = models.ForeignKey(Case, models.PROTECT, related_name="actions")
    kind = models.CharField("措施", max_length=15, choices=Kind)
    note = models.CharField("说明", max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at"]
