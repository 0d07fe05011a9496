"""What customers did, and what RMs did and have to do."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from contacts.models.customer import Customer, ExternalContact
from scrm.core.scope import ScopedQuerySet
from scrm.core.states import moves


class CustomerEvent(models.Model):
    """One stream of behaviour, partitioned by month of occurred_at (see migration)."""

    # Open set, checked in Python: kinds are added without a migration.
    KINDS = {
        "added": "添加好友",
        "deleted": "删除好友",
        "message": "发来消息",
        "sent": "收到消息",
        "mass_send": "营销触达",
        "click": "点击链接",
        "page_view": "浏览页面",
        "login": "登录手机银行",
        "purchase": "购买产品",
        "scan": "扫码",
        "half_added": "单向添加",
        "transfer_failed": "接替失败",
        "archive_agreed": "同意会话存档",
        "acquisition": "获客链接开口",
    }

    customer = models.ForeignKey(
        Customer,
        models.CASCADE,
        null=True,
        related_name="events",
        db_index=False,
        db_constraint=False,
    )
    contact = models.ForeignKey(
        ExternalContact,
        models.CASCADE,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    kind = models.CharField("行为", max_length=20)
    occurred_at = models.DateTimeField("时间")
    source = models.CharField("来源", max_length=20)
    properties = models.JSONField(default=dict)
    # Same key, same time: the same fact told twice. Unique with occurred_at.
    key = models.CharField(max_length=80, null=True)  # noqa: DJ001 - unique

    class Meta:
        managed = False  # The partitioned table is made by a migration of its own.
        db_table = "contacts_customerevent"

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return self.KINDS.get(self.kind, self.kind)


class TaskQuerySet(ScopedQuerySet["Task"]):
    branch_path = "customer__branch__path"

    def due(self) -> "TaskQuerySet":
        """Open tasks that are not snoozed past today."""
        return self.filter(state=Task.State.OPEN, shown_from__lte=timezone.localdate())


class Task(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "待办"
        DONE = "done", "完成"
        SKIPPED = "skipped", "跳过"

    class Kind(models.TextChoices):
        MATURITY = "maturity", "到期"
        FLOW = "flow", "大额动账"
        BIRTHDAY = "birthday", "生日"
        CHURN = "churn", "流失预警"
        UNANSWERED = "unanswered", "未回复"
        CAMPAIGN = "campaign", "活动任务"
        RISK = "risk", "测评到期"

    MOVES = moves(open="done skipped")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="tasks")
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, related_name="tasks")
    kind = models.CharField("类型", max_length=12, choices=Kind)
    reason = models.CharField("原因", max_length=200)
    action = models.CharField("建议", max_length=40)
    priority = models.IntegerField(default=0)
    due_on = models.DateField("截止日")
    shown_from = models.DateField(default=timezone.localdate)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    note = models.CharField("说明", max_length=200, blank=True)
    # What gave rise to the task: the same cause makes one task, however often it is found.
    source = models.CharField(max_length=80, unique=True)
    closed_at = models.DateTimeField(null=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["owner", "state", "shown_from"], name="task_owner_open")]

    def __str__(self) -> str:
        return self.reason


class FollowUp(models.Model):
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="follow_ups")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField("内容", max_length=1000)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.text[:40]
