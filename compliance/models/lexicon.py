"""Lexicon versions: a version is drafted, approved by a second person and then active for all."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class LexiconVersion(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        ACTIVE = "active", "生效中"
        RETIRED = "retired", "已停用"

    number = models.CharField("版本", max_length=20, unique=True)
    state = models.CharField("状态", max_length=10, choices=State, default=State.DRAFT)
    digest = models.CharField(max_length=64)
    note = models.CharField("说明", max_length=200)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    activated_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="active"), name="lexicon_one_active"
            )
        ]

    def __str__(self) -> str:
        return self.number


class LexiconTerm(models.Model):
    version = models.ForeignKey(LexiconVersion, models.CASCADE, related_name="terms")
    text = models.CharField("词条", max_length=100)
    category = models.CharField("类别", max_length=30)
    severity = models.PositiveSmallIntegerField("级别")
    kind = models.CharField("性质", max_length=10)
    target = models.CharField(max_length=100, blank=True)
    rule_id = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["category", "text"]

    def __str__(self) -> str:
        return self.text
