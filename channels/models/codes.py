"""Live codes: what the bank wants of each, and what WeCom has of it.

A code has two sides. `wanted` is the payload that WeCom should have now (null: nothing should exist
there), `pushed` the one it is known to have; `push_at` says when the difference is to be carried
over, and is null when there is none.
"""

from typing import Any, Self, TypeVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from contacts.models import Follow, Tag
from scrm.accounts.models import Branch, User
from scrm.core.access import RM
from scrm.core.scope import ScopedQuerySet
from scrm.core.states import moves

C = TypeVar("C", bound=models.Model)


class CodeQuerySet(ScopedQuerySet[C]):
    def visible_to(self, user: User) -> Self:
        """Codes of one's branch and below; a manager sees those that name them."""
        if user.role == RM:
            return self.named_to(user)
        return super().visible_to(user)  # type: ignore[return-value]

    def named_to(self, user: User) -> Self:
        return self.none()

    def live(self) -> Self:
        return self.exclude(state=Code.State.DELETED)


class ContactWayQuerySet(CodeQuerySet["ContactWay"]):
    def named_to(self, user: User) -> Self:
        named = ContactWayMember.objects.filter(user=user)
        return self.live().filter(pk__in=named.values("way"))


class GroupCodeQuerySet(CodeQuerySet["GroupCode"]):
    pass


class Code(models.Model):
    """What live codes for people and for groups have in common."""

    class State(models.TextChoices):
        ACTIVE = "active", "使用中"
        PAUSED = "paused", "已暂停"
        DELETED = "deleted", "已删除"

    class Push(models.TextChoices):
        WAITING = "waiting", "待推送"
        PUSHED = "pushed", "已生效"
        UNCERTAIN = "uncertain", "待核实"
        FAILED = "failed", "推送失败"
        GONE = "gone", "企业微信里已不存在"

    MOVES = moves(active="paused deleted", paused="active deleted")

    name = models.CharField("名称", max_length=30)
    # Where it hangs: free text, so that a branch can name its own places.
    channel = models.CharField("渠道", max_length=30, blank=True)
    # What it is for: a reference of whoever made it, opaque here.
    purpose = models.CharField("用途", max_length=80, blank=True)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name="机构")
    # WeCom's `state`: comes back with everybody who scans, and is the key of all attribution.
    channel_state = models.CharField(max_length=30, unique=True)
    state = models.CharField("状态", max_length=10, choices=State, default=State.ACTIVE)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField("创建", default=timezone.now)

    # The corporation whose people are behind it; "" is the bank's first one.
    corp_id = models.CharField(max_length=64, blank=True)
    config_id = models.CharField(max_length=64, blank=True)
    qr_code = models.CharField(max_length=500, blank=True)
    # WeCom's picture of the code: browsers in the bank cannot fetch it from there.
    picture = models.BinaryField(null=True)
    picture_type = models.CharField(max_length=30, blank=True)
    wanted = models.JSONField(null=True)
    pushed = models.JSONField(null=True)
    push_state = models.CharField("推送", max_length=10, choices=Push, default=Push.WAITING)
    push_at = models.DateTimeField(null=True)
    push_attempts = models.PositiveSmallIntegerField(default=0)
    push_error = models.CharField("推送错误", max_length=300, blank=True)
    # Committed before WeCom is asked to make the code: without a config_id, nobody knows the end.
    adding_since = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


def _indexes(prefix: str) -> list[models.Index]:
    return [
        models.Index(
            fields=["push_at"],
            condition=models.Q(push_at__isnull=False),
            name=f"{prefix}_push",
        )
    ]


def _config_once(prefix: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        fields=["config_id"], condition=~models.Q(config_id=""), name=f"{prefix}_config_once"
    )


class ContactWay(Code):
    """活码: whoever scans it adds one of the members who are on at that time."""

    skip_verify = models.BooleanField("无需员工确认", default=True)
    # WeCom takes it only when the code is made.
    is_exclusive = models.BooleanField("同一客户只加一位", default=True)
    # Customers a member may get through this code on one day; null: no limit.
    daily_cap = models.PositiveIntegerField("每人每日上限", null=True, blank=True)
    tags = models.ManyToManyField(Tag, related_name="+", blank=True)
    # When a walk last saw the code at WeCom.
    listed_at = models.DateTimeField(null=True)

    objects = ContactWayQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = _indexes("contact_way")
        constraints = [_config_once("contact_way")]


class ContactWayMember(models.Model):
    way = models.ForeignKey(ContactWay, models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    daily_cap = models.PositiveIntegerField("每日上限", null=True, blank=True)
    # Receives when no shift is on, and when everybody on shift has reached the limit.
    fallback = models.BooleanField("兜底", default=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["way", "user"], name="contact_way_member_once")
        ]


class ContactWayShift(models.Model):
    """Hours of the bank's clock; an end not after the start lies on the next day."""

    way = models.ForeignKey(ContactWay, models.CASCADE, related_name="shifts")
    # Days on which the shift begins: 0 = Monday … 6 = Sunday.
    weekdays = models.JSONField()
    starts = models.TimeField()
    ends = models.TimeField()
    members = models.ManyToManyField(ContactWayMember, related_name="shifts")

    class Meta:
        ordering = ["id"]


class ContactWayTagging(models.Model):
    """The code's tags were put on for this friendship: once, also when somebody takes one off."""

    way = models.ForeignKey(ContactWay, models.CASCADE, related_name="+")
    follow = models.ForeignKey(Follow, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["way", "follow"], name="contact_way_tagging_once")
        ]


class FoundWay(models.Model):
    """A code that WeCom has and we did not make; it can be adopted."""

    corp_id = models.CharField(max_length=64, blank=True)
    config_id = models.CharField(max_length=64, unique=True)
    remark = models.CharField("备注", max_length=60, blank=True)
    channel_state = models.CharField(max_length=64, blank=True)
    qr_code = models.CharField(max_length=500, blank=True)
    userids = models.JSONField(default=list)
    # Members who came through departments stay unknown until the code is adopted.
    parties = models.JSONField(default=list)
    is_exclusive = models.BooleanField(default=False)
    seen_at = models.DateTimeField()
    # When its details were read; a list tells ids only.
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.remark or self.config_id[:8]


class GroupCode(Code):
    """群活码: whoever scans it enters one of at most five groups, or a new one made by WeCom."""

    chat_ids = models.JSONField(default=list)
    auto_create_room = models.BooleanField("群满后自动建新群", default=True)
    room_base_name = models.CharField("新群名", max_length=40, blank=True)
    room_base_id = models.PositiveIntegerField("起始序号", default=1)

    objects = GroupCodeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = _indexes("group_code")
        constraints = [_config_once("group_code")]


AnyCode = ContactWay | GroupCode
Payload = dict[str, Any]
