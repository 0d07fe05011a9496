"""Four eyes over a frozen version."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from scrm.accounts.models import Branch
from scrm.core.scope import ScopedQuerySet


class ReviewQuerySet(ScopedQuerySet["Review"]):
    owner = "submitted_by"


class Review(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "待审批"
        APPROVED = "approved", "已通过"
        REJECTED = "rejected", "已驳回"
        WITHDRAWN = "withdrawn", "已撤回"

    # Kind as registered in compliance.registry, e.g. "content_version", "campaign".
    kind = models.CharField("类型", max_length=30)
    object_id = models.BigIntegerField()
    title = models.CharField("标题", max_length=120)
    # The frozen thing as the reviewer sees it, and the one hash that the approval covers.
    frozen = models.JSONField()
    digest = models.CharField(max_length=64)
    findings = models.JSONField(default=list)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(default=timezone.now)
    state = models.CharField("状态", max_length=10, choices=State, default=State.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField("意见", max_length=500, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-submitted_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "object_id"],
                condition=models.Q(state="open"),
                name="review_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by=None)
                | ~models.Q(decided_by=models.F("submitted_by"))
                | models.Q(state="withdrawn"),
                name="review_four_eyes",
            ),
        ]
        indexes = [models.Index(fields=["kind", "object_id", "-id"], name="review_object")]

    def __str__(self) -> str:
        return self.title
