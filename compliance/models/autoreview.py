"""Rules that close light alerts without a person; proposed by one, approved by another."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from scrm.accounts.models import Branch, User


class AutoRuleQuerySet(models.QuerySet["AutoReviewRule"]):
    def visible_to(self, user: User) -> "AutoRuleQuerySet":
        """Rules of the whole bank, of one's branches, and of those above: all apply there."""
        if user.branch.parent_id is None:
            return self
        above = [int(part) for part in user.branch.path.strip("/").split("/")]
        below = models.Q(branch__path__startswith=user.branch.path)
        return self.filter(below | models.Q(branch=None) | models.Q(branch_id__in=above))


class AutoReviewRule(models.Model):
    class State(models.TextChoices):
        PROPOSED = "proposed", "待批准"
        ACTIVE = "active", "生效中"
        RETIRED = "retired", "已停用"

    name = models.CharField("名称", max_length=60)
    # Conditions; an empty one is not asked. All that are given must hold.
    category = models.CharField("类别", max_length=30, blank=True)
    max_severity = models.PositiveSmallIntegerField("最高级别", default=1)
    phrase = models.CharField("消息包含", max_length=60, blank=True)
    rule_code = models.CharField("规则", max_length=60, blank=True)
    content_id = models.BigIntegerField("已审批素材编号", null=True, blank=True)
    branch = models.ForeignKey(
        Branch, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="机构范围"
    )
    why = models.CharField("理由", max_length=300)
    state = models.CharField("状态", max_length=10, choices=State, default=State.PROPOSED)
    # Drawn at approval; with an alert's key it decides which closings go back to a person.
    seed = models.CharField("抽样种子", max_length=32, blank=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    objects = AutoRuleQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(max_severity__lte=1), name="autorule_light_only"
            ),
            models.CheckConstraint(
                condition=~models.Q(approved_by=models.F("proposed_by"))
                | models.Q(approved_by=None),
                name="autorule_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return self.name
