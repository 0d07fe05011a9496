"""The one audit trail: append-only by trigger, readable without the rows it speaks of."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    from scrm.accounts.models import User


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    def visible_to(self, user: "User") -> "AuditQuerySet":
        """Auditors and head office see all, compliance officers their branch and below."""
        if user.role in {"auditor", "hq_admin"}:
            return self
        if user.role == "compliance":
            return self.filter(branch_path__startswith=user.branch.path)
        return self.none()


class AuditEvent(models.Model):
    at = models.DateTimeField("时间", auto_now_add=True, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        related_name="+",
    )
    # Frozen names: the trail must read the same after people and objects are gone.
    actor_name = models.CharField("操作人", max_length=60)
    actor_role = models.CharField(max_length=20)
    branch_path = models.CharField(max_length=120, blank=True, db_index=True)
    action = models.CharField("动作", max_length=60, db_index=True)
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    object_label = models.CharField("对象", max_length=200, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.CharField("理由", max_length=500, blank=True)
    request_id = models.CharField(max_length=32, blank=True)
    ip = models.GenericIPAddressField(null=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["object_type", "object_id"], name="audit_object")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.action} {self.object_label}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise TypeError("Audit events are append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("Audit events are append-only.")
