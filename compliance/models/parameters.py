"""Thresholds that head office changes: one row per change, the approved ones are the history."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class ParameterChange(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "待批准"
        APPROVED = "approved", "已批准"
        REJECTED = "rejected", "已驳回"

    key = models.CharField("参数", max_length=40)
    value = models.PositiveIntegerField("新值")
    former = models.PositiveIntegerField("原值")
    why = models.CharField("理由", max_length=300)
    state = models.CharField("状态", max_length=10, choices=State, default=State.OPEN)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(state="open"), name="parameter_one_open"
            ),
            models.CheckConstraint(
                condition=~models.Q(decided_by=models.F("proposed_by"))
                | models.Q(decided_by=None)
                | models.Q(state="rejected"),
                name="parameter_four_eyes",
            ),
        ]
        indexes = [models.Index(fields=["key", "state", "-id"], name="parameter_now")]

    def __str__(self) -> str:
        return self.key
