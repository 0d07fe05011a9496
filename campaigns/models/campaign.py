"""A campaign: who, what, when and under which caps; approved as one hash."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from campaigns.library.models import ContentVersion
from campaigns.models.audience import AudienceSnapshot
from contacts.models import Segment
from scrm.accounts.models import Branch
from scrm.core.scope import ScopedQuerySet
from scrm.core.states import moves


class Campaign(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        IN_REVIEW = "in_review", "审批中"
        APPROVED = "approved", "已通过"
        RUNNING = "running", "进行中"
        PAUSED = "paused", "已暂停"
        FINISHED = "finished", "已结束"
        CANCELLED = "cancelled", "已取消"

    MOVES = moves(
        draft="in_review cancelled",
        in_review="approved draft cancelled",
        approved="running draft cancelled",
        running="paused finished cancelled",
        paused="running cancelled",
    )

    name = models.CharField("名称", max_length=60)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, related_name="+", verbose_name="客群"
    )
    holdout_percent = models.PositiveSmallIntegerField("对照组 %", default=0)
    starts_at = models.DateTimeField("开始时间", null=True, blank=True)
    ends_on = models.DateField("结束日期")
    snapshot = models.ForeignKey(AudienceSnapshot, models.PROTECT, null=True, related_name="+")
    approved_digest = models.CharField(max_length=64, blank=True)
    state = models.CharField("状态", max_length=10, choices=State, default=State.DRAFT)
    created_at = models.DateTimeField(default=timezone.now)
    launched_at = models.DateTimeField("启动时间", null=True)
    # Set when every audience member has its ledger row; the planner resumes until then.
    planned_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet["Campaign"].as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class Variant(models.Model):
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="variants")
    label = models.CharField("方案", max_length=10, default="A")
    version = models.ForeignKey(ContentVersion, models.PROTECT, related_name="+")
    weight = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["label"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "label"], name="variant_label_once")
        ]
