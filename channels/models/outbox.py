"""What leaves the bank. A row exists only with a clearance minted by compliance.gate."""

from django.db import models
from django.utils import timezone


class OutboxTask(models.Model):
    class State(models.TextChoices):
        QUEUED = "queued", "待发"
        SENDING = "sending", "发送中"
        ACCEPTED = "accepted", "已受理"
        FAILED = "failed", "失败"
        UNCERTAIN = "uncertain", "结果未知"
        CANCELLED = "cancelled", "已取消"

    kind = models.CharField(max_length=20)
    sender = models.CharField("发送人", max_length=96)
    text = models.TextField()
    recipients = models.JSONField()
    # Opaque reference of whoever asked, e.g. "campaigns.batch:5"; handed back in signals.
    source = models.CharField(max_length=80, unique=True)
    purpose = models.CharField(max_length=20)

    cleared_by = models.CharField(max_length=60)
    clearance_hash = models.CharField(max_length=64)
    clearance_rules = models.JSONField()
    clearance_valid_until = models.DateTimeField()

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    # Stamped and committed before the call goes out: evidence of an attempt whose end is unknown.
    sending_since = models.DateTimeField(null=True)
    msgid = models.CharField(max_length=64, blank=True)
    # Recipients that WeCom refused, and those our own last look dropped: {id: [check, detail]}.
    refused = models.JSONField(default=list)
    dropped = models.JSONField(default=dict)
    last_error = models.CharField(max_length=300, blank=True)
    accepted_at = models.DateTimeField(null=True)
    # A cancellation is a wish until WeCom has confirmed it; the sweeper asks until then.
    cancel_requested_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    # Result polling: next time to read WeCom, null when nothing more can change.
    poll_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(clearance_hash="") & ~models.Q(cleared_by=""),
                name="outbox_has_clearance",
            ),
            models.UniqueConstraint(
                fields=["msgid"], condition=~models.Q(msgid=""), name="outbox_msgid_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state__in=["queued", "sending", "uncertain"]),
                name="outbox_waiting",
            ),
            models.Index(
                fields=["cancel_requested_at"],
                condition=models.Q(cancel_requested_at__isnull=False, cancelled_at=None),
                name="outbox_to_cancel",
            ),
            models.Index(
                fields=["poll_at"], condition=models.Q(poll_at__isnull=False), name="outbox_poll"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.source}"


class MassSendMember(models.Model):
    """One employee of one mass-send task, and whether they tapped send."""

    task = models.ForeignKey(OutboxTask, models.CASCADE, related_name="members")
    userid = models.CharField(max_length=96)
    confirmed_at = models.DateTimeField(null=True)
    result_read_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "userid"], name="mass_send_member_once")
        ]
