"""Tags and segments."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from contacts.models.customer import Customer
from scrm.accounts.models import Branch
from scrm.core.scope import BranchScopedQuerySet


class TagGroup(models.Model):
    name = models.CharField("标签组", max_length=30, unique=True)
    wecom_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    group = models.ForeignKey(TagGroup, models.CASCADE, related_name="tags")
    name = models.CharField("标签", max_length=30)
    wecom_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["group__name", "name"]
        constraints = [models.UniqueConstraint(fields=["group", "name"], name="tag_name_in_group")]

    def __str__(self) -> str:
        return self.name


class CustomerTag(models.Model):
    class Source(models.TextChoices):
        MANUAL = "manual", "人工"
        RULE = "rule", "规则"
        WECOM = "wecom", "企业微信"
        IMPORTED = "imported", "导入"

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="customer_tags")
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="+")
    source = models.CharField(max_length=10, choices=Source)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    why = models.CharField(max_length=100, blank=True)
    at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "tag"], name="customer_tag_once")
        ]

    def __str__(self) -> str:
        return str(self.tag)


class Segment(models.Model):
    """A rule tree (scrm.core.conditions); a campaign freezes the people it finds."""

    name = models.CharField("名称", max_length=60)
    description = models.CharField("说明", max_length=200, blank=True)
    rule = models.JSONField("规则")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    objects = BranchScopedQuerySet["Segment"].as_manager()

    class Meta:
        ordering = ["-updated_at"]

    def __str__(self) -> str:
        return self.name
