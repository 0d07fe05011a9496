"""Rules of the staff's WeCom client: what we want there, and what WeCom has."""

from django.db import models
from django.utils import timezone


class InterceptRule(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting", "待推送"
        PUSHED = "pushed", "已推送"
        UNCERTAIN = "uncertain", "核实中"
        FAILED = "failed", "推送失败"

    # Unique at WeCom too: a lost answer is looked up by it.
    name = models.CharField("规则", max_length=20, unique=True)
    words = models.JSONField("词条", default=list)  # wanted; [] is to be deleted at WeCom
    departments = models.JSONField(default=list)  # wanted
    rule_id = models.CharField(max_length=64, blank=True)
    # What WeCom has for certain; None while that is not known or there is nothing.
    pushed = models.JSONField(null=True)
    pushed_departments = models.JSONField(default=list)
    pushed_at = models.DateTimeField("上次推送", null=True)
    state = models.CharField("状态", max_length=10, choices=State, default=State.WAITING)
    error = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Set before the call that makes the rule: an answer that never came leads to reading first.
    adding_since = models.DateTimeField(null=True)
    push_at = models.DateTimeField(null=True, default=timezone.now, db_index=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def settled(self) -> bool:
        return self.pushed == self.words and self.pushed_departments == self.departments
