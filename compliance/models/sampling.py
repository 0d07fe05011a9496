"""Random samples of conversations that no rule has flagged, or only lightly, and what they showed."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from compliance.models.archive import ArchivedMessage
from scrm.accounts.models import Branch
from scrm.core.scope import ScopedQuerySet


class SamplingPlan(models.Model):
    """One draw: population, share and seed; the same plan over the same archive draws the same."""

    name = models.CharField("名称", max_length=60)
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="+", verbose_name="机构范围（含下级）"
    )
    since = models.DateField("会话日期从")
    until = models.DateField("到")
    percent = models.DecimalField("抽样比例 %", max_digits=5, decimal_places=2, default=1)
    minimum = models.PositiveSmallIntegerField("每层至少", default=1)
    seed = models.CharField("随机种子", max_length=32)
    # Messages that could have been drawn, and strata they lay in, at the time of the draw.
    population = models.PositiveIntegerField("总体", default=0)
    strata = models.PositiveIntegerField("层数", default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField("抽取时间", default=timezone.now)

    objects = ScopedQuerySet["SamplingPlan"].as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class SampleQuerySet(ScopedQuerySet["Sample"]):
    branch_path = "user__branch__path"


class Sample(models.Model):
    class Result(models.TextChoices):
        PENDING = "pending", "待判定"
        PASS = "pass", "合格"
        VIOLATION = "violation", "违规"

    plan = models.ForeignKey(SamplingPlan, models.PROTECT, related_name="samples")
    message = models.ForeignKey(ArchivedMessage, models.PROTECT, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="员工"
    )
    # "clean", "light" (S0–S1) or "grave" (S2 and above), as scanned at the time of the draw.
    stratum = models.CharField("层", max_length=10)
    # Complaints are all taken, whatever the share.
    always = models.BooleanField("必查", default=False)
    result = models.CharField("结论", max_length=10, choices=Result, default=Result.PENDING)
    note = models.CharField("说明", max_length=300, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True)

    objects = SampleQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "message"], name="sample_once"),
        ]

    def __str__(self) -> str:
        return f"抽检 {self.pk}"
