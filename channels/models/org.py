"""The corporation's own tree at WeCom: departments and members, as far as the app may see them."""

from django.conf import settings
from django.db import models

from scrm.accounts.models import Branch


class Department(models.Model):
    # Ids as in our rows of people: those of a second corporation carry it in front.
    wecom_id = models.CharField(max_length=96, unique=True)
    name = models.CharField("部门", max_length=120, blank=True)
    parent_id_there = models.CharField(max_length=96, blank=True)
    order = models.BigIntegerField(default=0)
    # Which branch of the bank this is: said by head office, never guessed.
    branch = models.ForeignKey(
        Branch, models.PROTECT, null=True, related_name="+", verbose_name="机构"
    )
    removed_at = models.DateTimeField(null=True)
    as_of = models.DateTimeField()

    class Meta:
        ordering = ["-order", "wecom_id"]

    def __str__(self) -> str:
        return self.name or f"部门 {self.wecom_id}"


class Member(models.Model):
    """An employee at WeCom. New apps are shown no mobile, e-mail or picture, so none is kept."""

    class Status(models.IntegerChoices):
        ACTIVE = 1, "已激活"
        DISABLED = 2, "已停用"
        NOT_ACTIVATED = 4, "未激活"
        LEFT = 5, "已退出"

    userid = models.CharField(max_length=96, unique=True)
    name = models.CharField("姓名", max_length=60, blank=True)
    departments = models.JSONField(default=list)
    position = models.CharField("职务", max_length=120, blank=True)
    status = models.PositiveSmallIntegerField("状态", default=Status.ACTIVE)
    # WeCom does not tell upper from lower case in a userid.
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="wecom_member"
    )
    left_at = models.DateTimeField("离开", null=True)
    as_of = models.DateTimeField()

    class Meta:
        ordering = ["name", "userid"]
        indexes = [models.Index(fields=["left_at"], name="member_left")]

    def __str__(self) -> str:
        return self.name or self.userid
