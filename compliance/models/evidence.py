"""Evidence packages: asked for with a reason, agreed to by a second person when large, then built."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from compliance.models.alerts import Case
from scrm.accounts.models import Branch
from scrm.core.scope import ScopedQuerySet


class EvidenceQuerySet(ScopedQuerySet["EvidencePackage"]):
    owner = "requested_by"


class EvidencePackage(models.Model):
    class State(models.TextChoices):
        PENDING = "pending", "待第二人批准"
        APPROVED = "approved", "等待生成"
        BUILDING = "building", "生成中"
        READY = "ready", "可下载"
        FAILED = "failed", "未能生成"
        REFUSED = "refused", "已拒绝"
        EXPIRED = "expired", "已过期"

    state = models.CharField("状态", max_length=10, choices=State, default=State.PENDING)
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="packages")
    # What was asked for, as one sentence; personal data masked.
    title = models.CharField("内容", max_length=200)
    query = models.JSONField(default=dict)
    # The approved selection: keys of messages, frozen when the package was asked for.
    messages = models.JSONField(default=list)
    count = models.PositiveIntegerField("消息数")
    reason = models.CharField("理由", max_length=500)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField("申请时间", default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    progress = models.PositiveSmallIntegerField("进度", default=0)
    finished_at = models.DateTimeField(null=True)
    file = models.CharField(max_length=120, blank=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    error = models.CharField("原因", max_length=300, blank=True)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decided_by=None)
                | ~models.Q(decided_by=models.F("requested_by")),
                name="evidence_four_eyes",
            )
        ]

    def __str__(self) -> str:
        return f"证据包 {self.pk}"
