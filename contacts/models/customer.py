"""The bank's customer, the WeCom person, and what ties the two together."""

import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone

from scrm.accounts.models import Branch
from scrm.core import masking
from scrm.core.fields import EncryptedTextField
from scrm.core.scope import ScopedQuerySet


class CustomerQuerySet(ScopedQuerySet["Customer"]):
    pass


class Customer(models.Model):
    class Tier(models.TextChoices):
        MASS = "mass", "大众"
        GOLD = "gold", "金卡"
        PLATINUM = "platinum", "白金"
        DIAMOND = "diamond", "钻石"
        PRIVATE = "private", "私行"

    class Stage(models.TextChoices):
        BLANK = "blank", "空白"
        NEW = "new", "新户"
        ACTIVE = "active", "活跃"
        DORMANT = "dormant", "沉睡"
        CHURNING = "churning", "流失预警"

    number = models.CharField("客户号", max_length=20, unique=True)
    name = models.CharField("姓名", max_length=60, db_index=True)
    gender = models.CharField("性别", max_length=1, blank=True)
    birthday = models.DateField("生日", null=True)
    tier = models.CharField("等级", max_length=10, choices=Tier)
    stage = models.CharField("生命周期", max_length=10, choices=Stage, db_index=True)
    # C1–C5; 0 = never assessed. An expired assessment counts as none.
    risk_level = models.PositiveSmallIntegerField("风险等级", default=0)
    risk_expires_on = models.DateField("测评到期日", null=True)
    aum = models.DecimalField("管理资产", max_digits=16, decimal_places=2, default=0)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="customers", verbose_name="客户经理"
    )
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="customers", verbose_name="机构"
    )
    phone = EncryptedTextField("手机", blank=True)
    phone_index = models.CharField(max_length=16, blank=True, db_index=True)
    id_number = EncryptedTextField("证件号", blank=True)
    unionid = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001 - unique
    opened_on = models.DateField("开户日", null=True)
    last_contact_at = models.DateTimeField("上次联系", null=True)
    # Asked to be left alone: no marketing on any channel, whatever was consented to.
    opted_out_at = models.DateTimeField("退订时间", null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-aum"], name="customer_owner_aum"),
            models.Index(fields=["branch", "-aum"], name="customer_branch_aum"),
            models.Index(fields=["-aum"], name="customer_aum"),
            models.Index(fields=["tier", "-aum"], name="customer_tier_aum"),
            models.Index(fields=["last_contact_at"], name="customer_last_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.name[:1]}** {self.number}"

    @property
    def masked_phone(self) -> str:
        return masking.phone(self.phone)

    @property
    def masked_id_number(self) -> str:
        return masking.id_number(self.id_number)

    def valid_risk_level(self, on: datetime.date) -> int:
        """C-level that counts on that day: 0 when missing or expired."""
        if self.risk_expires_on is None or self.risk_expires_on < on:
            return 0
        return self.risk_level


class ExternalContact(models.Model):
    class Match(models.TextChoices):
        UNIONID = "unionid", "UnionID"
        PHONE = "phone", "手机号"
        MANUAL = "manual", "人工"

    external_userid = models.CharField(max_length=96, unique=True)
    name = models.CharField("昵称", max_length=120)
    unionid = models.CharField(max_length=64, blank=True, db_index=True)
    kind = models.PositiveSmallIntegerField(default=1)
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="contacts")
    matched_by = models.CharField("关联方式", max_length=10, choices=Match, blank=True)
    matched_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Follow(models.Model):
    class State(models.TextChoices):
        ACTIVE = "active", "已添加"
        DELETED_BY_CUSTOMER = "deleted_by_customer", "被客户删除"
        DELETED_BY_RM = "deleted_by_rm", "员工删除"
        TRANSFERRED = "transferred", "已转移"
        LOST = "lost", "已失效"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="follows")
    contact = models.ForeignKey(ExternalContact, models.PROTECT, related_name="follows")
    state = models.CharField("好友状态", max_length=20, choices=State, default=State.ACTIVE)
    add_way = models.IntegerField(default=0)
    channel_state = models.CharField("渠道", max_length=64, blank=True)
    remark = models.CharField("备注", max_length=60, blank=True)
    added_at = models.DateTimeField("添加时间")
    lost_at = models.DateTimeField(null=True)
    # "sync": no event told of the end, a complete walk did not find the friendship any more.
    lost_reason = models.CharField(max_length=20, blank=True)
    # Until when the tags that WeCom shows are known; what was read before is out of date.
    marks_as_of = models.DateTimeField(null=True)
    # Facts carry WeCom's time: an event newer than a walk wins over what the walk read earlier.
    as_of = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "contact"], name="follow_once")]
        indexes = [
            models.Index(fields=["contact", "state"], name="follow_contact_state"),
            # What came through one live code, and when.
            models.Index(
                fields=["channel_state", "added_at"],
                condition=~models.Q(channel_state=""),
                name="follow_channel",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ↔ {self.contact}"


class Consent(models.Model):
    """Append-only in meaning: a change closes the current row and opens a new one."""

    class Purpose(models.TextChoices):
        MARKETING = "marketing", "营销信息"
        PROFILING = "profiling", "画像分析"

    class Channel(models.TextChoices):
        WECOM = "wecom", "企业微信"
        SMS = "sms", "短信"

    class State(models.TextChoices):
        GRANTED = "granted", "已授权"
        WITHDRAWN = "withdrawn", "已撤回"

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="consents")
    purpose = models.CharField("目的", max_length=20, choices=Purpose)
    channel = models.CharField("渠道", max_length=20, choices=Channel)
    state = models.CharField("状态", max_length=10, choices=State)
    since = models.DateTimeField("时间")
    evidence = models.CharField("依据", max_length=200)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "purpose", "channel"],
                condition=models.Q(superseded_at=None),
                name="consent_one_current",
            )
        ]

    def __str__(self) -> str:
        return (
            f"{self.get_purpose_display()}·{self.get_channel_display()} {self.get_state_display()}"
        )
