"""A segment frozen at one moment: exactly these people, under one hash."""

from django.db import models
from django.utils import timezone

from contacts.models import Customer, Segment


class AudienceSnapshot(models.Model):
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="+")
    rule = models.JSONField()
    size = models.IntegerField()
    digest = models.CharField(max_length=64)
    frozen_at = models.DateTimeField(default=timezone.now)


class AudienceMember(models.Model):
    snapshot = models.ForeignKey(AudienceSnapshot, models.CASCADE, related_name="members")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "customer"], name="audience_once")
        ]
