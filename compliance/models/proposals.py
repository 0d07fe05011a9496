"""Phrases that an officer found harmless while dismissing an alert."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from compliance.models.alerts import Alert
from compliance.models.lexicon import LexiconVersion


class BenignProposal(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "待复核"
        ACCEPTED = "accepted", "已采纳"
        REJECTED = "rejected", "已驳回"

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="proposals")
    phrase = models.CharField("短语", max_length=40)
    category = models.CharField("类别", max_length=30)
    # Where the phrase stands in the message that was judged.
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    note = models.CharField("说明", max_length=200)
    state = models.CharField("状态", max_length=10, choices=State, default=State.OPEN)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    # The draft that an accepted proposal became.
    version = models.ForeignKey(LexiconVersion, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["phrase"], condition=models.Q(state="open"), name="benign_one_open"
            ),
            models.CheckConstraint(
                condition=~models.Q(decided_by=models.F("proposed_by")) | models.Q(decided_by=None),
                name="benign_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return self.phrase
