"""Alerts and cases."""

import hashlib
from typing import Any

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
        DISPUTED = "disputed", "有争议"
        DISMISSED = "dismissed", "已排除"
        CONFIRMED = "confirmed", "已确认"

    class Subject(models.TextChoices):
        MESSAGE = "message", "会话内容"
        BEHAVIOUR = "behaviour", "行为"
        SAMPLE = "sample", "抽检"

    subject = models.CharField("来源", max_length=10, choices=Subject, default=Subject.MESSAGE)
    # Behaviour has no message, or only one that shows it; then title and facts tell what happened.
    message = models.OneToOneField(ArchivedMessage, models.PROTECT, related_name="alert", null=True)
    scan = models.ForeignKey(MessageScan, models.PROTECT, related_name="+", null=True)
    title = models.CharField("事项", max_length=120, blank=True)
    # [[label, text], …]; shown and hashed as it stands.
    facts = models.JSONField(default=list)
    # The same condition raises one alert, however often it is found.
    condition = models.CharField(max_length=120, null=True, unique=True)  # noqa: DJ001 - unique
    # The rule of the worst finding: what precision is counted by.
    rule_id = models.CharField("规则", max_length=60, blank=True)
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
    # Last sign of work by whoever holds it: a claim lapses after 30 minutes without one.
    active_at = models.DateTimeField(null=True)
    # Raised when overdue or disputed: 0 own branch, 1 the branch above, 2 head office.
    level = models.PositiveSmallIntegerField("升级", default=0)
    escalated_at = models.DateTimeField(null=True)
    reopened = models.PositiveSmallIntegerField("重新打开次数", default=0)
    # The auto-review rule that closed it, or would have, had it not been drawn for a person.
    auto_rule = models.ForeignKey(
        "compliance.AutoReviewRule", models.PROTECT, null=True, related_name="alerts"
    )
    auto_sampled = models.BooleanField("自动规则抽查", default=False)
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
            models.Index(fields=["user", "category", "raised_at"], name="alert_repeats"),
            models.Index(fields=["rule_id", "raised_at"], name="alert_rule"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(message__isnull=False) | ~models.Q(title=""),
                name="alert_has_subject",
            ),
            models.CheckConstraint(
                condition=models.Q(auto_rule=None) | models.Q(severity__lte=1),
                name="alert_auto_light_only",
            ),
        ]

    def __str__(self) -> str:
        return f"预警 {self.pk}"

    @property
    def findings(self) -> list[dict[str, Any]]:
        return self.scan.shown(self.text) if self.scan else []

    @property
    def text(self) -> str:
        """What a reviewer is asked to judge: the message, or what the behaviour rule states."""
        if self.subject == self.Subject.BEHAVIOUR or self.message is None:
            return "\n".join([self.title, *(f"{label}：{value}" for label, value in self.facts)])
        return str(self.message.text)

    @property
    def text_hash(self) -> str:
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


class Decision(models.Model):
    """One act of judging, append-only: by whom, on which text, under which policy, in what time."""

    class Step(models.TextChoices):
        SOLE = "sole", "单人结论"
        FIRST = "first", "首次结论"
        SECOND = "second", "复核同意"
        DISPUTE = "dispute", "复核异议"
        RULE = "rule", "自动规则"
        BULK = "bulk", "批量结论"
        REOPEN = "reopen", "重新打开"

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="decisions")
    step = models.CharField("步骤", max_length=10, choices=Step)
    decision = models.CharField("结论", max_length=10, blank=True)
    # None: an auto-review rule; which one, and its draw, stand in `draw`.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField("理由", max_length=500)
    severity = models.PositiveSmallIntegerField("级别")
    lexicon_version = models.CharField("词库", max_length=20, blank=True)
    lexicon_digest = models.CharField(max_length=64, blank=True)
    engine_version = models.CharField(max_length=60, blank=True)
    # SHA-256 of the text that was judged, and seconds since it was put in front of the person.
    text_hash = models.CharField(max_length=64)
    seconds = models.PositiveIntegerField("用时（秒）", null=True)
    draw = models.JSONField(null=True)
    at = models.DateTimeField("时间", default=timezone.now)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["by", "at"], name="decision_by")]

    def __str__(self) -> str:
        return f"{self.get_step_display()} {self.decision}"


class Case(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "已立案"
        ACTION = "action", "处置中"
        CLOSED = "closed", "已结案"

    class Kind(models.TextChoices):
        VIOLATION = "violation", "违规"
        COMPLAINT = "complaint", "投诉"

    kind = models.CharField("类型", max_length=10, choices=Kind, default=Kind.VIOLATION)
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
    reopened = models.PositiveSmallIntegerField("重新打开次数", default=0)
    # A complaint's 15 days were made 60, which happens once.
    extended = models.BooleanField("已延期", default=False)

    objects = ScopedQuerySet["Case"].as_manager()

    class Meta:
        ordering = ["-opened_at"]

    def __str__(self) -> str:
        return f"工单 {self.pk}"

    @property
    def is_complaint(self) -> bool:
        return self.kind == self.Kind.COMPLAINT


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
