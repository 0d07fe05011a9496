"""Customer groups of WeCom and who is in them."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from contacts.models.customer import ExternalContact
from scrm.core.scope import ScopedQuerySet

if TYPE_CHECKING:
    from scrm.accounts.models import User


class GroupChatQuerySet(ScopedQuerySet["GroupChat"]):
    """A group belongs to its owner's branch; one whose owner we do not know is head office's."""

    branch_path = "owner__branch__path"


class GroupChat(models.Model):
    class State(models.TextChoices):
        ACTIVE = "active", "正常"
        OWNER_LEFT = "owner_left", "群主已离职"
        DISMISSED = "dismissed", "已解散"

    chat_id = models.CharField(max_length=96, unique=True)
    name = models.CharField("群名", max_length=120, blank=True)
    notice = models.TextField("群公告", blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="group_chats",
        verbose_name="群主",
    )
    owner_userid = models.CharField(max_length=96, blank=True)
    created_at = models.DateTimeField("建群时间", null=True)
    # WeCom's mark of who is in the group; a callback names the mark that a reading must show.
    member_version = models.CharField(max_length=64, blank=True)
    state = models.CharField("状态", max_length=12, choices=State, default=State.ACTIVE)
    dismissed_at = models.DateTimeField(null=True)
    # Time of the facts: an event newer than a walk wins over what the walk read earlier.
    as_of = models.DateTimeField()

    objects = GroupChatQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["owner", "state"], name="group_owner_state")]

    def __str__(self) -> str:
        return self.name or "未命名的群"


class GroupMemberQuerySet(models.QuerySet["GroupMember"]):
    def present(self) -> "GroupMemberQuerySet":
        return self.filter(left_at=None)

    def in_groups_of(self, user: "User") -> "GroupMemberQuerySet":
        """Members of the groups that this person may see."""
        return self.filter(chat__in=GroupChat.objects.visible_to(user))


class GroupMember(models.Model):
    """One stay of one person in one group; who comes back stays anew."""

    class Kind(models.TextChoices):
        EMPLOYEE = "employee", "员工"
        EXTERNAL = "external", "客户"

    # As WeCom numbers them.
    SCENES = {1: "群成员邀请", 2: "邀请链接", 3: "扫码入群"}

    chat = models.ForeignKey(GroupChat, models.CASCADE, related_name="members")
    member_id = models.CharField(max_length=96)
    kind = models.CharField("身份", max_length=10, choices=Kind)
    name = models.CharField("昵称", max_length=120, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    contact = models.ForeignKey(
        ExternalContact, models.PROTECT, null=True, related_name="group_stays"
    )
    joined_at = models.DateTimeField("入群时间")
    left_at = models.DateTimeField("离群时间", null=True)
    join_scene = models.PositiveSmallIntegerField("入群方式", default=0)
    inviter = models.CharField("邀请人", max_length=96, blank=True)
    channel_state = models.CharField("渠道", max_length=64, blank=True)

    objects = GroupMemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["chat", "member_id", "joined_at"], name="group_stay_once"
            )
        ]
        indexes = [
            # Who came through one group code, and when.
            models.Index(
                fields=["channel_state", "joined_at"],
                condition=~models.Q(channel_state=""),
                name="group_stay_channel",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.member_id

    @property
    def scene(self) -> str:
        return self.SCENES.get(self.join_scene, "未知方式")
