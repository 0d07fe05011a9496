"""The only way to write the audit trail."""

from typing import Any

from django.db import models

from scrm.audit.actions import LABELS
from scrm.audit.context import current
from scrm.audit.models import AuditEvent
from scrm.audit.signals import recorded
from scrm.core.actors import Actor


def _branch_path(actor: Actor, obj: models.Model | None) -> str:
    for source in (obj, actor):
        branch = getattr(source, "branch", None)
        if branch is not None:
            return str(branch.path)
    return ""


def record(
    action: str,
    *,
    actor: Actor,
    obj: models.Model | None = None,
    label: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEvent:
    """Appends one event to the trail, in the caller's transaction.

    `action` must be listed in scrm.audit.actions; values of before/after must be JSON and masked.
    """
    if action not in LABELS:
        raise KeyError(f"unknown audit action {action!r}")
    origin = current.get()
    event = AuditEvent.objects.create(
        actor_id=actor.pk,
        actor_name=actor.display_name,
        actor_role=actor.role,
        branch_path=_branch_path(actor, obj),
        action=action,
        object_type=obj._meta.label_lower if obj is not None else "",
        object_id=str(obj.pk) if obj is not None else "",
        object_label=(label or (str(obj) if obj is not None else ""))[:200],
        before=before or {},
        after=after or {},
        reason=reason[:500],
        request_id=origin.request_id,
        ip=origin.ip,
    )
    recorded.send(AuditEvent, event=event)
    return event
