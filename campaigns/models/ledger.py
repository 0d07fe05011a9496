"""The ledger: one row per campaign, customer and wave, with a state and a reason, for everybody."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from campaigns.models.campaign import Campaign, Variant
from contacts.models import Customer, ExternalContact
from scrm.core.scope import ScopedQuerySet
from scrm.core.states import moves


class SendBatch(models.Model):
    """Customers of one RM who get the same rendered text: one task at WeCom, one tap for the RM."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="batches")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # Token of the tracked link in this batch's text; unique, so a text names its batch.
    token = models.CharField(max_length=22, unique=True)
    text = models.TextField()
    target_url = models.URLField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)


class DeliveryQuerySet(ScopedQuerySet["Delivery"]):
    branch_path = "customer__branch__path"
    owner = "user"


class Delivery(models.Model):
    class State(models.TextChoices):
        PLANNED = "planned", "待派发"
        LEASED = "leased", "派发中"
        HANDED_OVER = "handed_over", "待客户经理确认"
        CONFIRMED = "confirmed", "客户经理已确认"
        DELIVERED = "delivered", "已送达"
        FAILED = "failed", "失败"
        SUPPRESSED = "suppressed", "未发送"
        UNCERTAIN = "uncertain", "待核实"

    # WeCom may tell a result before the confirmation was read, hence the short cuts to the end.
    MOVES = moves(
        planned="leased suppressed",
        leased="planned handed_over suppressed failed uncertain",
        uncertain="handed_over failed planned suppressed",
        handed_over="confirmed delivered failed suppressed",
        confirmed="delivered failed",
    )

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="deliveries")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="deliveries")
    wave = models.PositiveSmallIntegerField(default=1)
    variant = models.ForeignKey(Variant, models.PROTECT, null=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    contact = models.ForeignKey(ExternalContact, models.PROTECT, null=True, related_name="+")
    state = models.CharField("状态", max_length=12, choices=State, default=State.PLANNED)
    reason = models.CharField("原因", max_length=40, blank=True)
    # Verdicts of the gate's ordered checks for this person: [[check, passed, detail], …].
    checks = models.JSONField(default=list)
    batch = models.ForeignKey(SendBatch, models.PROTECT, null=True, related_name="deliveries")
    changed_at = models.DateTimeField(default=timezone.now)
    handed_over_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    clicked_at = models.DateTimeField(null=True)
    replied_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "customer", "wave"], name="delivery_once")
        ]
        indexes = [
            models.Index(fields=["campaign", "state"], name="delivery_campaign_state"),
            models.Index(fields=["user", "state"], name="delivery_user_state"),
            models.Index(fields=["customer", "-delivered_at"], name="delivery_customer"),
            models.Index(
                fields=["campaign", "user"],
                condition=models.Q(state__in=["planned", "leased"]),
                name="delivery_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id}/{self.customer_id}"


class LinkClick(models.Model):
    """A recognised person opened a tracked link. Every open is kept; reach counts people."""

    batch = models.ForeignKey(SendBatch, models.CASCADE, related_name="clicks")
    contact = models.ForeignKey(ExternalContact, models.PROTECT, null=True, related_name="+")
    delivery = models.ForeignKey(Delivery, models.CASCADE, null=True, related_name="clicks")
    at = models.DateTimeField(default=timezone.now)
