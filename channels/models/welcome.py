"""A greeting owed to a new friend: one code of WeCom, twenty seconds, one call at most."""

import datetime

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone

from channels.models.inbox import InboxEvent
from scrm.core.fields import EncryptedTextField

# WeCom's own rule: a code dies this long after its event.
VALID = datetime.timedelta(seconds=20)


class Welcome(models.Model):
    class State(models.TextChoices):
        NEW = "new", "待发"
        SENDING = "sending", "发送中"
        SENT = "sent", "已发送"
        FAILED = "failed", "失败"
        EXPIRED = "expired", "已超时"
        UNCERTAIN = "uncertain", "结果未知"
        SKIPPED = "skipped", "未发送"

    # Null once the event is forgotten (INBOX_KEEP_DAYS); what the customer was told stays.
    event = models.OneToOneField(InboxEvent, models.SET_NULL, null=True, related_name="welcome")
    corp_id = models.CharField(max_length=64)
    # Ids as our rows hold them, see channels.providers.wecom.people.
    userid = models.CharField("员工", max_length=96)
    external_userid = models.CharField("客户", max_length=96, db_index=True)
    # Emptied once it is of no more use.
    code = EncryptedTextField(blank=True)
    channel_state = models.CharField("渠道", max_length=64, blank=True)
    happened_at = models.DateTimeField("发生时间")
    deadline = models.DateTimeField()

    # What the gate cleared; empty until then, and nothing is called without it.
    text = models.TextField("内容", blank=True)
    attachments = models.JSONField(default=list)
    cleared_by = models.CharField(max_length=60, blank=True)
    clearance_hash = models.CharField(max_length=64, blank=True)
    clearance_rules = models.JSONField(default=dict)

    state = models.CharField("状态", max_length=10, choices=State, default=State.NEW)
    reason = models.CharField("原因", max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    # Committed before the call goes out: evidence of an attempt whose end may never be known.
    sending_since = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state__in=["new", "sending"]),
                name="welcome_waiting",
            ),
            BrinIndex(fields=["created_at"], autosummarize=True, name="welcome_created"),
        ]

    def __str__(self) -> str:
        return f"欢迎语 {self.pk}"
