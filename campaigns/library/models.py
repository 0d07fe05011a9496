"""Content library: a content has versions; a version is frozen when it is submitted."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from channels.models import MediaFile
from contacts.models import Product
from scrm.accounts.models import Branch
from scrm.core.scope import BranchScopedQuerySet

# Open set, checked in Python.
CHANNELS = {
    "mass_send": "企业群发",
    "welcome": "欢迎语",
    "moments": "朋友圈",
    "script": "一对一使用",
}
DEFAULT_CHANNELS = tuple(CHANNELS)


def _default_channels() -> list[str]:
    return list(DEFAULT_CHANNELS)


class Content(models.Model):
    title = models.CharField("标题", max_length=60)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = BranchScopedQuerySet["Content"].as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title


class ContentVersion(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        IN_REVIEW = "in_review", "审批中"
        APPROVED = "approved", "已通过"
        REJECTED = "rejected", "已驳回"
        WITHDRAWN = "withdrawn", "已撤回"

    content = models.ForeignKey(Content, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField("版本", default=1)
    # Text with variables as {客户称呼}; see campaigns.library.variables.
    body = models.TextField("正文", max_length=1300)
    link_url = models.URLField("跳转链接", blank=True)
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, verbose_name="产品")
    valid_from = models.DateField("生效日期", default=timezone.localdate)
    valid_until = models.DateField("有效期至")
    # By what means it may reach a customer, and of which tiers (empty: all); both are approved.
    channels = models.JSONField("使用渠道", default=_default_channels)
    tiers = models.JSONField("受众等级", default=list, blank=True)
    state = models.CharField("状态", max_length=10, choices=State, default=State.DRAFT)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["content", "number"], name="content_version_number")
        ]

    def __str__(self) -> str:
        return f"{self.content} v{self.number}"


class Material(models.Model):
    """A picture, video, file or mini-program card that may go along with a text.

    Never changed: it is submitted as it is made, and another one takes its place.
    """

    class Kind(models.TextChoices):
        IMAGE = "image", "图片"
        VIDEO = "video", "视频"
        FILE = "file", "文件"
        MINIPROGRAM = "miniprogram", "小程序"

    class State(models.TextChoices):
        IN_REVIEW = "in_review", "审批中"
        APPROVED = "approved", "已通过"
        REJECTED = "rejected", "已驳回"
        WITHDRAWN = "withdrawn", "已撤回"

    kind = models.CharField("类型", max_length=11, choices=Kind)
    # The name in the library; on a mini-program's card the customer reads it.
    title = models.CharField("标题", max_length=60)
    # Of a mini-program: the picture on its card.
    file = models.ForeignKey(MediaFile, models.PROTECT, related_name="+", verbose_name="文件")
    appid = models.CharField("小程序 AppID", max_length=64, blank=True)
    page = models.CharField("小程序页面", max_length=300, blank=True)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    valid_from = models.DateField("生效日期", default=timezone.localdate)
    valid_until = models.DateField("有效期至")
    state = models.CharField("状态", max_length=10, choices=State, default=State.IN_REVIEW)
    created_at = models.DateTimeField(default=timezone.now)

    objects = BranchScopedQuerySet["Material"].as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="miniprogram") & ~models.Q(appid="") & ~models.Q(page="")
                | ~models.Q(kind="miniprogram") & models.Q(appid="", page=""),
                name="material_miniprogram_complete",
            )
        ]

    def __str__(self) -> str:
        return self.title


class Script(models.Model):
    """Phrase an RM may use in a conversation, by scene."""

    scene = models.CharField("场景", max_length=30)
    title = models.CharField("标题", max_length=60)
    body = models.TextField("话术", max_length=500)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")

    objects = BranchScopedQuerySet["Script"].as_manager()

    class Meta:
        ordering = ["scene", "id"]

    def __str__(self) -> str:
        return self.title
