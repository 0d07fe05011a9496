"""Unknown outcomes are settled by reading WeCom, never by sending again on suspicion."""

import datetime
import logging

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from channels.models import OutboxTask
from channels.outbox.sending import accept, settle
from channels.providers.base import ProviderError
from channels.providers.wecom.api import STILL_DISPATCHING, wecom_of

logger = logging.getLogger(__name__)
State = OutboxTask.State


class _NotYet(Exception):
    """WeCom cannot tell yet; ask later."""


def reconcile_due() -> int:
    """Looks each uncertain task up at WeCom; returns how many became certain."""
    return sum(_reconcile(task) for task in _claim())


def _claim() -> list[OutboxTask]:
    """Each question is looked into by one worker at a time."""
    now = timezone.now()
    with transaction.atomic():
        due = OutboxTask.objects.filter(state=State.UNCERTAIN, next_attempt_at__lte=now)
        tasks = list(due.select_for_update(skip_locked=True).order_by("id")[:50])
        OutboxTask.objects.filter(pk__in=[task.pk for task in tasks]).update(
            next_attempt_at=now + datetime.timedelta(seconds=60)
        )
    return tasks


def _reconcile(task: OutboxTask) -> bool:
    try:
        msgid = _find(task)
    except (ProviderError, _NotYet) as error:
        logger.info("task %s stays uncertain: %s", task.pk, type(error).__name__)
        _later(task)
        return False
    if msgid:
        accept(task, msgid)
        return True
    return _absent(task)


def _absent(task: OutboxTask) -> bool:
    """Not at WeCom: after a grace in which lists may lag, it is certain that nothing was made."""
    grace = datetime.timedelta(seconds=settings.RECONCILE_GRACE_SECONDS)
    if task.sending_since and timezone.now() - task.sending_since < grace:
        _later(task)
        return False
    if task.cancel_requested_at is not None:
        settle(task, State.CANCELLED, sources=(State.UNCERTAIN,))
        return True
    # The same attempt that was looked for: a newer one has a grace of its own.
    same = OutboxTask.objects.filter(
        pk=task.pk, state=State.UNCERTAIN, sending_since=task.sending_since
    )
    return bool(same.update(state=State.QUEUED, next_attempt_at=timezone.now()))


def _later(task: OutboxTask) -> None:
    age = timezone.now() - (task.sending_since or timezone.now())
    pause = min(max(age, datetime.timedelta(seconds=2)), datetime.timedelta(minutes=5))
    OutboxTask.objects.filter(pk=task.pk, state=State.UNCERTAIN).update(
        next_attempt_at=timezone.now() + pause
    )


def _find(task: OutboxTask) -> str:
    """msgid of a task with this text, sender and people that no row of ours owns, or ""."""
    since = (task.sending_since or task.created_at) - datetime.timedelta(minutes=5)
    until = timezone.now() + datetime.timedelta(minutes=5)
    for row in wecom_of(task.sender).mass_sends(int(since.timestamp()), int(until.timestamp())):
        if row.get("text", {}).get("content") == task.text and _is_ours(row["msgid"], task):
            return str(row["msgid"])
    return ""


def _is_ours(msgid: str, task: OutboxTask) -> bool:
    if OutboxTask.objects.filter(msgid=msgid).exists():
        return False
    try:
        members = wecom_of(task.sender).mass_send_members(msgid)
    except ProviderError as error:
        if error.errcode == STILL_DISPATCHING:
            raise _NotYet from None
        raise
    if not any(member["userid"] == task.sender for member in members):
        return False
    rows = wecom_of(task.sender).mass_send_results(msgid, task.sender)
    people = {row["external_userid"] for row in rows}
    # Equal texts to other people of the same sender are another batch's task.
    return bool(people) and people <= set(task.recipients)
