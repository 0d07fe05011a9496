"""Days on which the bank rests, and weekends on which it works, as announced each year."""

from django.conf import settings
from django.db import models


class Holiday(models.Model):
    class Kind(models.TextChoices):
        REST = "rest", "放假"
        WORK = "work", "调休上班"

    on = models.DateField("日期", unique=True)
    kind = models.CharField("性质", max_length=5, choices=Kind, default=Kind.REST)
    name = models.CharField("名称", max_length=30)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["on"]

    def __str__(self) -> str:
        return f"{self.on} {self.name}"
