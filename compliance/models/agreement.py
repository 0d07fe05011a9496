"""Whether a customer agreed that an employee's chats with them are archived, as WeCom says."""

from django.conf import settings
from django.db import models

from contacts.models import ExternalContact


class ArchiveAgreement(models.Model):
    """One relation's state, as it was asked for last. Every change is a leaf of the log."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    contact = models.ForeignKey(ExternalContact, models.CASCADE, related_name="+")
    agreed = models.BooleanField("同意")
    # When the customer last answered, by WeCom's word; None: never.
    changed_at = models.DateTimeField("表示时间", null=True)
    checked_at = models.DateTimeField("查询时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "contact"], name="agreement_once")]
        indexes = [models.Index(fields=["checked_at"], name="agreement_oldest")]

    def __str__(self) -> str:
        return "同意存档" if self.agreed else "不同意存档"
