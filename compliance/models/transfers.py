"""A customer who should get another manager because of a case."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from compliance.models.alerts import Case
from contacts.models import Customer, ExternalContact
from scrm.accounts.models import Branch
from scrm.core.scope import ScopedQuerySet


class CaseTransfer(models.Model):
    class State(models.TextChoices):
        PROPOSED = "proposed", "待办理"
        STARTING = "starting", "提交中"
        WAITING = "waiting", "等待客户（24 小时）"
        DONE = "done", "已转交"
        REFUSED = "refused", "客户拒绝"
        FAILED = "failed", "未成功"
        DECLINED = "declined", "不予办理"

    case = models.ForeignKey(Case, models.PROTECT, related_name="transfers")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    taker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # The friendship that WeCom moves; None: there is none left, only the ownership moves.
    contact = models.ForeignKey(ExternalContact, models.PROTECT, null=True, related_name="+")
    why = models.CharField("理由", max_length=300)
    state = models.CharField("状态", max_length=10, choices=State, default=State.PROPOSED)
    outcome = models.CharField("结果", max_length=200, blank=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    # When a worker looks at it next; None: nothing to do.
    look_at = models.DateTimeField(null=True, db_index=True)
    finished_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet["CaseTransfer"].as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=models.Q(state__in=("proposed", "starting", "waiting")),
                name="transfer_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"转交 {self.customer}"
