"""Doubts about who an external contact is: found by the machine, decided by a person."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone

from contacts.models.customer import Customer, ExternalContact
from scrm.accounts.models import Branch
from scrm.core.states import moves

if TYPE_CHECKING:
    from scrm.accounts.models import User


class IdentityDoubtQuerySet(models.QuerySet["IdentityDoubt"]):
    def visible_to(self, user: "User") -> "IdentityDoubtQuerySet":
        """Doubts whose every side lies in the person's branch and below: nobody may be shown a
        stranger's customer in order to compare him."""
        return self.filter(branch__path__startswith=user.branch.path)


class IdentityDoubt(models.Model):
    class Kind(models.TextChoices):
        SEVERAL = "several", "手机号对应多位客户"
        CONFLICT = "conflict", "UnionID 与手机号不一致"
        LINKED = "linked", "已关联另一位客户"
        CLAIMED = "claimed", "客户已有其他微信"

    class State(models.TextChoices):
        OPEN = "open", "待核对"
        LINKED = "linked", "已关联"
        REJECTED = "rejected", "都不是"

    MOVES = moves(open="linked rejected")

    contact = models.ForeignKey(ExternalContact, models.PROTECT, related_name="doubts")
    kind = models.CharField("疑点", max_length=10, choices=Kind)
    # The lowest branch that holds all sides: its administrator may see, and decide.
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name="机构")
    state = models.CharField("状态", max_length=10, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField("发现", default=timezone.now)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, related_name="+", verbose_name="客户"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField("核对", null=True)
    reason = models.CharField("理由", max_length=200, blank=True)

    objects = IdentityDoubtQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["contact"], condition=models.Q(state="open"), name="doubt_one_open"
            )
        ]
        indexes = [models.Index(fields=["state", "branch"], name="doubt_state_branch")]

    def __str__(self) -> str:
        return f"{self.contact}：{self.get_kind_display()}"


class DoubtCandidate(models.Model):
    """A customer who may be the contact, and what speaks for it."""

    class Evidence(models.TextChoices):
        UNIONID = "unionid", "UnionID 一致"
        PHONE = "phone", "备注手机一致"
        BOTH = "both", "UnionID 与手机一致"
        LINK = "link", "现在的关联"

    doubt = models.ForeignKey(IdentityDoubt, models.CASCADE, related_name="candidates")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    evidence = models.CharField(max_length=10, choices=Evidence)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["doubt", "customer"], name="doubt_candidate_once")
        ]
