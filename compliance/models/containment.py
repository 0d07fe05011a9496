"""While an S4 alert is open, the employee's free text and queued campaigns are held."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from compliance.models.alerts import Alert


class Containment(models.Model):
    alert = models.OneToOneField(Alert, models.PROTECT, related_name="containment")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="员工"
    )
    since = models.DateTimeField("开始", default=timezone.now)
    cleared_at = models.DateTimeField(null=True)
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField("解除理由", max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["user"], condition=models.Q(cleared_at=None), name="containment_open"
            )
        ]

    def __str__(self) -> str:
        return f"管控 {self.user}"
