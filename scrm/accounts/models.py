"""Branch tree and employees."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone

from scrm.core import access


class Role(models.TextChoices):
    RM = access.RM, "客户经理"
    BRANCH_ADMIN = access.ADMIN, "机构管理员"
    COMPLIANCE = access.OFFICER, "合规专员"
    HQ_ADMIN = access.HQ, "总行管理员"
    AUDITOR = access.AUDITOR, "审计"


class BranchQuerySet(models.QuerySet["Branch"]):
    def visible_to(self, user: "User") -> "BranchQuerySet":
        return self.filter(path__startswith=user.branch.path)


class Branch(models.Model):
    class Kind(models.TextChoices):
        HEAD = "head", "总行"
        BRANCH = "branch", "分行"
        SUB = "sub", "支行"

    name = models.CharField("名称", max_length=60)
    code = models.CharField("机构号", max_length=20, unique=True)
    kind = models.CharField("级别", max_length=10, choices=Kind)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    # "/1/4/17/": a branch and all below it share a prefix, so scope is one index range.
    path = models.CharField(max_length=120, unique=True)

    objects = BranchQuerySet.as_manager()

    class Meta:
        ordering = ["path"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def visible_to(self, user: "User") -> "models.QuerySet[User]":
        """Colleagues of one's own branch and below."""
        return self.filter(branch__path__startswith=user.branch.path)


class User(AbstractBaseUser):
    username = models.CharField("登录名", max_length=60, unique=True)
    name = models.CharField("姓名", max_length=30)
    role = models.CharField("角色", max_length=20, choices=Role)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="users", verbose_name="机构")
    manager = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="reports"
    )
    wecom_userid = models.CharField(max_length=96, unique=True, null=True, blank=True)
    is_active = models.BooleanField("在职", default=True)
    # Gone from WeCom, or out of the application's sight: head office hands the customers over.
    wecom_left_at = models.DateTimeField(null=True, blank=True)
    is_demo = models.BooleanField(default=False)
    joined_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()

    class Meta:
        ordering = ["branch__path", "username"]

    def __str__(self) -> str:
        return self.name

    @property
    def display_name(self) -> str:
        return self.name

    def has_role(self, *roles: str) -> bool:
        return self.role in roles

    # django.contrib.auth asks these; all rights come from the role, none from a superuser flag.
    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


class Notice(models.Model):
    """One sentence to one employee. No customer's name or number stands in it."""

    recipient = models.ForeignKey(User, models.CASCADE, related_name="notices")
    text = models.CharField("内容", max_length=200)
    url = models.CharField(max_length=200, blank=True)
    # What gave rise to it: told once, however often it is found.
    key = models.CharField(max_length=80)
    at = models.DateTimeField("时间", default=timezone.now)
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["recipient", "key"], name="notice_once"),
        ]
        indexes = [
            models.Index(
                fields=["recipient"], condition=models.Q(read_at=None), name="notice_unread"
            )
        ]

    def __str__(self) -> str:
        return self.text
