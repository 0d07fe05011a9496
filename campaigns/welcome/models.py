"""Who greets new friends with what: one active rule for each channel, employee or branch."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from campaigns.library.models import ContentVersion, Material
from scrm.accounts.models import Branch
from scrm.core.scope import BranchScopedQuerySet


class WelcomeRule(models.Model):
    class Scope(models.TextChoices):
        """In the order of nearness: the first that fits a new friend wins."""

        CHANNEL = "channel", "渠道"
        EMPLOYEE = "employee", "客户经理"
        BRANCH = "branch", "机构"

    scope = models.CharField("适用范围", max_length=10, choices=Scope)
    # `state` of a live code; only for a channel.
    channel_state = models.CharField("渠道标识", max_length=30, blank=True)
    # Only for an employee.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="客户经理",
    )
    # For a branch it reaches down the tree; for the others it says whose rule this is.
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name="机构")
    version = models.ForeignKey(
        ContentVersion, models.PROTECT, related_name="+", verbose_name="素材"
    )
    is_active = models.BooleanField("启用", default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField("更新", auto_now=True)

    objects = BranchScopedQuerySet["WelcomeRule"].as_manager()

    class Meta:
        ordering = ["-is_active", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel_state"],
                condition=Q(is_active=True, scope="channel"),
                name="welcome_one_per_channel",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(is_active=True, scope="employee"),
                name="welcome_one_per_employee",
            ),
            models.UniqueConstraint(
                fields=["branch"],
                condition=Q(is_active=True, scope="branch"),
                name="welcome_one_per_branch",
            ),
            models.CheckConstraint(
                condition=(
                    Q(scope="channel", user=None) & ~Q(channel_state="")
                    | Q(scope="employee", user__isnull=False, channel_state="")
                    | Q(scope="branch", user=None, channel_state="")
                ),
                name="welcome_scope_fits",
            ),
        ]

    def __str__(self) -> str:
        return f"欢迎语·{self.target}"

    @property
    def target(self) -> str:
        """Whom the rule is for, in words."""
        if self.scope == self.Scope.CHANNEL:
            return f"渠道 {self.channel_state}"
        if self.scope == self.Scope.EMPLOYEE and self.user is not None:
            return self.user.name
        return self.branch.name


class WelcomeAttachment(models.Model):
    """One material of a rule, at its place."""

    rule = models.ForeignKey(WelcomeRule, models.CASCADE, related_name="attachments")
    material = models.ForeignKey(Material, models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "position"], name="welcome_attachment_place"),
            models.UniqueConstraint(fields=["rule", "material"], name="welcome_attachment_once"),
        ]
