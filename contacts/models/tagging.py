"""Tags, what WeCom has of them, and segments."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from contacts.models.customer import Customer, Follow
from scrm.accounts.models import Branch
from scrm.core.scope import BranchScopedQuerySet


class TagGroup(models.Model):
    name = models.CharField("标签组", max_length=30, unique=True)
    wecom_id = models.CharField(max_length=64, blank=True)
    # Two-way: its tags exist at WeCom too, and putting one on or taking it off holds on both sides.
    shared = models.BooleanField("双向同步", default=False)
    # Made by an administrator in WeCom: an app may not rename or delete such a group or tag.
    from_wecom = models.BooleanField(default=False)
    removed_at = models.DateTimeField(null=True)
    as_of = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TagQuerySet(models.QuerySet["Tag"]):
    def live(self) -> "TagQuerySet":
        return self.filter(removed_at=None)

    def two_way(self) -> "TagQuerySet":
        """Tags whose marks hold on both sides."""
        return self.live().filter(group__shared=True).exclude(wecom_id="")


class Tag(models.Model):
    group = models.ForeignKey(TagGroup, models.CASCADE, related_name="tags")
    name = models.CharField("标签", max_length=30)
    wecom_id = models.CharField(max_length=64, blank=True, db_index=True)
    from_wecom = models.BooleanField(default=False)
    removed_at = models.DateTimeField(null=True)
    # Deleted in WeCom while still in use here: not made there again until a person shares it anew.
    withheld = models.BooleanField(default=False)

    objects = TagQuerySet.as_manager()

    class Meta:
        ordering = ["group__name", "name"]
        constraints = [models.UniqueConstraint(fields=["group", "name"], name="tag_name_in_group")]

    def __str__(self) -> str:
        return self.name


class CustomerTag(models.Model):
    class Source(models.TextChoices):
        MANUAL = "manual", "人工"
        RULE = "rule", "规则"
        WECOM = "wecom", "企业微信"
        IMPORTED = "imported", "导入"

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="customer_tags")
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="+")
    source = models.CharField(max_length=10, choices=Source)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    why = models.CharField(max_length=100, blank=True)
    at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "tag"], name="customer_tag_once")
        ]

    def __str__(self) -> str:
        return str(self.tag)


class FollowTag(models.Model):
    """A tag that an employee's friend carries at WeCom, as far as we know."""

    follow = models.ForeignKey(Follow, models.CASCADE, related_name="marks")
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["follow", "tag"], name="follow_tag_once")]


class TagPush(models.Model):
    """Something of ours that WeCom does not have yet: the definitions of a group, or the marks of
    one friendship. It says what to look at, not what to do: that is computed when it is sent."""

    class State(models.TextChoices):
        WAITING = "waiting", "待推送"
        SENDING = "sending", "推送中"
        DONE = "done", "已推送"
        FAILED = "failed", "失败"

    group = models.ForeignKey(TagGroup, models.CASCADE, null=True, related_name="pushes")
    follow = models.ForeignKey(Follow, models.CASCADE, null=True, related_name="tag_pushes")
    state = models.CharField("状态", max_length=10, choices=State, default=State.WAITING)
    # Wanted again while it is being sent: it goes round once more.
    wanted_at = models.DateTimeField(default=timezone.now)
    sending_since = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    # Nobody knows whether the last call had its effect: WeCom is read before the next one.
    uncertain = models.BooleanField(default=False)
    error = models.CharField("错误", max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["follow"],
                condition=models.Q(state__in=["waiting", "sending"]),
                name="tag_push_one_follow",
            ),
            models.UniqueConstraint(
                fields=["group"],
                condition=models.Q(state__in=["waiting", "sending"]),
                name="tag_push_one_group",
            ),
            models.CheckConstraint(
                condition=models.Q(group=None) ^ models.Q(follow=None), name="tag_push_has_one"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state__in=["waiting", "sending"]),
                name="tag_push_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"标签组 {self.group}" if self.group_id else f"标签 {self.follow}"


class Segment(models.Model):
    """A rule tree (scrm.core.conditions); a campaign freezes the people it finds."""

    name = models.CharField("名称", max_length=60)
    description = models.CharField("说明", max_length=200, blank=True)
    rule = models.JSONField("规则")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    objects = BranchScopedQuerySet["Segment"].as_manager()

    class Meta:
        ordering = ["-updated_at"]

    def __str__(self) -> str:
        return self.name
