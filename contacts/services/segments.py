"""Segments are saved only when their rule is understood completely."""

from typing import Any

from django.db import transaction

from contacts.models import Segment
from contacts.segments import check
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.errors import BusinessError


def _clean_name(name: str) -> str:
    name = name.strip()
    if not name:
        raise BusinessError("请填写客群名称。")
    if len(name) > 60:
        raise BusinessError("客群名称最多 60 个字。")
    return name


@transaction.atomic
def segment_create(*, name: str, rule: Any, actor: User, description: str = "") -> Segment:
    """A segment of the actor's branch. Raises RuleError (a BusinessError) for a wrong rule."""
    check(rule)
    segment = Segment.objects.create(
        name=_clean_name(name),
        description=description.strip()[:200],
        rule=rule,
        owner=actor,
        branch=actor.branch,
    )
    record("segment.create", actor=actor, obj=segment, after={"name": segment.name, "rule": rule})
    return segment


@transaction.atomic
def segment_update(
    *, segment: Segment, name: str, rule: Any, actor: User, description: str = ""
) -> Segment:
    """Changes name and rule; audiences that campaigns froze from it stay as they are."""
    check(rule)
    row = Segment.objects.select_for_update().get(pk=segment.pk)
    before = {"name": row.name, "rule": row.rule}
    row.name, row.description, row.rule = _clean_name(name), description.strip()[:200], rule
    row.save(update_fields=["name", "description", "rule", "updated_at"])
    record(
        "segment.update",
        actor=actor,
        obj=row,
        before=before,
        after={"name": row.name, "rule": rule},
    )
    return row
