"""An RM's duties: done, skipped with a reason, or put off."""

import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from contacts.models import Task
from contacts.services.customers import follow_up_create
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.errors import BusinessError
from scrm.core.states import move

MAX_SNOOZE_DAYS = 30


def _locked(task: Task) -> Task:
    return Task.objects.select_for_update(of=("self",)).select_related("customer").get(pk=task.pk)


def _close(task: Task, state: str, note: str, action: str, actor: User) -> Task:
    row = _locked(task)
    before = move(row, Task.MOVES, state)
    row.note, row.closed_at = note[:200], timezone.now()
    row.save(update_fields=["state", "note", "closed_at"])
    record(
        action, actor=actor, obj=row, before={"state": before}, after={"state": state}, reason=note
    )
    return row


@transaction.atomic
def task_complete(*, task: Task, actor: User, note: str = "") -> Task:
    """Done. What the manager writes about it is a follow-up of the customer as well."""
    row = _close(task, Task.State.DONE, note.strip(), "task.complete", actor)
    if note.strip() and row.customer is not None:
        follow_up_create(customer=row.customer, text=note, actor=actor)
    return row


@transaction.atomic
def task_skip(*, task: Task, reason: str, actor: User) -> Task:
    if not reason.strip():
        raise BusinessError("跳过待办要写明原因，管理员会看到。")
    return _close(task, Task.State.SKIPPED, reason.strip(), "task.skip", actor)


@transaction.atomic
def task_snooze(*, task: Task, days: int, actor: User) -> Task:
    """Out of sight for that many days; the due day stays what it is."""
    if not 1 <= days <= MAX_SNOOZE_DAYS:
        raise BusinessError(f"只能推迟 1 到 {MAX_SNOOZE_DAYS} 天。")
    row = _locked(task)
    if row.state != Task.State.OPEN:
        raise BusinessError("这条待办已经处理过了，请刷新页面。")
    before: dict[str, Any] = {"shown_from": row.shown_from.isoformat()}
    row.shown_from = timezone.localdate() + datetime.timedelta(days=days)
    row.save(update_fields=["shown_from"])
    after = {"shown_from": row.shown_from.isoformat()}
    record("task.snooze", actor=actor, obj=row, before=before, after=after)
    return row
