"""How long messages stay: holds that stop the clock, purges that two people decide."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from compliance.models.alerts import Case
from compliance.models.archive import ArchivedMessage
from contacts.models import Customer

_USER = settings.AUTH_USER_MODEL


class LegalHold(models.Model):
    class State(models.TextChoices):
        ACTIVE = "active", "保全中"
        RELEASING = "releasing", "待复核解除"
        RELEASED = "released", "已解除"

    matter = models.CharField("事项", max_length=120)
    reason = models.CharField("理由", max_length=500)
    # All that are given must apply; one at least is.
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="+")
    user = models.ForeignKey(_USER, models.PROTECT, null=True, related_name="+")
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="+")
    since = models.DateField("从", null=True)
    until = models.DateField("到", null=True)
    state = models.CharField("状态", max_length=10, choices=State, default=State.ACTIVE)
    placed_by = models.ForeignKey(_USER, models.PROTECT, null=True, related_name="+")
    placed_at = models.DateTimeField("时间", default=timezone.now)
    release_proposed_by = models.ForeignKey(_USER, models.PROTECT, null=True, related_name="+")
    release_reason = models.CharField("解除理由", max_length=500, blank=True)
    released_by = models.ForeignKey(_USER, models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-placed_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(released_by=None)
                | ~models.Q(released_by=models.F("release_proposed_by")),
                name="hold_release_four_eyes",
            ),
            models.CheckConstraint(
                condition=models.Q(customer__isnull=False)
                | models.Q(user__isnull=False)
                | models.Q(case__isnull=False)
                | models.Q(since__isnull=False)
                | models.Q(until__isnull=False),
                name="hold_has_a_scope",
            ),
        ]

    def __str__(self) -> str:
        return self.matter


class PurgeRequest(models.Model):
    class State(models.TextChoices):
        PROPOSED = "proposed", "待批准"
        REJECTED = "rejected", "已驳回"
        RUNNING = "running", "执行中"
        DONE = "done", "已执行"

    reason = models.CharField("理由", max_length=500)
    # The day on which the retention was judged; the list does not grow afterwards.
    as_of = models.DateField("截至")
    counts = models.JSONField(default=dict)
    state = models.CharField("状态", max_length=10, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(_USER, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField("时间", default=timezone.now)
    approved_by = models.ForeignKey(_USER, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    decision = models.CharField("意见", max_length=500, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-proposed_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(approved_by=None)
                | ~models.Q(approved_by=models.F("proposed_by")),
                name="purge_four_eyes",
            )
        ]

    def __str__(self) -> str:
        return f"清除申请 {self.pk}"


class PurgeItem(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting", "待清除"
        PURGED = "purged", "已清除"
        KEPT = "kept", "保留"

    request = models.ForeignKey(PurgeRequest, models.PROTECT, related_name="items")
    message = models.ForeignKey(ArchivedMessage, models.PROTECT, related_name="purge_items")
    # The rule that had decided, and until when.
    rule = models.CharField(max_length=10)
    until = models.DateField()
    state = models.CharField("状态", max_length=8, choices=State, default=State.WAITING)
    why = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "message"], name="purge_item_once"),
            models.UniqueConstraint(
                fields=["message"], condition=models.Q(state="waiting"), name="purge_one_open"
            ),
        ]


class KeyRotation(models.Model):
    """How far one encrypted column has come on its way to one key."""

    table = models.CharField(max_length=80)
    column = models.CharField(max_length=80)
    key_id = models.CharField(max_length=40)
    last_pk = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["table", "column", "key_id"], name="rotation_once")
        ]
