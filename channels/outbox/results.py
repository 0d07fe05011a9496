"""Reads what became of accepted tasks: who confirmed, who got it, who did not and why."""

import datetime
import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from channels import signals
from channels.models import MassSendMember, OutboxTask
from channels.providers.base import ProviderError
from channels.providers.wecom.api import wecom_of

logger = logging.getLogger(__name__)
_BATCH = 50
_LEASE = datetime.timedelta(seconds=60)


def poll_due() -> int:
    """Reads the tasks that are due; returns how many."""
    tasks = _claim()
    for task in tasks:
        try:
            _poll(task)
        except Exception:
            # One poisoned task must not stop the others; its lease brings it back in a minute.
            logger.exception("results of task %s", task.pk)
    return len(tasks)


def _claim() -> list[OutboxTask]:
    now = timezone.now()
    with transaction.atomic():
        due = OutboxTask.objects.filter(poll_at__lte=now)
        tasks = list(due.select_for_update(skip_locked=True).order_by("poll_at")[:_BATCH])
        OutboxTask.objects.filter(pk__in=[task.pk for task in tasks]).update(poll_at=now + _LEASE)
    return tasks


def _poll(task: OutboxTask) -> None:
    try:
        for row in wecom_of(task.sender).mass_send_members(task.msgid):
            if row.get("status"):
                _confirmed(task, row["userid"], _time(row))
        open_rows = _results(task)
    except ProviderError as error:
        logger.info("results of task %s: %s", task.pk, error.message)
        open_rows = True
    _schedule(task, open_rows)


def _time(row: dict[str, Any]) -> datetime.datetime:
    seconds = row.get("send_time") or 0
    if not seconds:
        return timezone.now()
    return datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC)


@transaction.atomic
def _confirmed(task: OutboxTask, userid: str, at: datetime.datetime) -> None:
    member, _ = MassSendMember.objects.select_for_update().get_or_create(task=task, userid=userid)
    if member.confirmed_at is None:
        member.confirmed_at = at
        member.save(update_fields=["confirmed_at"])
        signals.member_confirmed.send(OutboxTask, task=task, userid=userid, at=at)


def _results(task: OutboxTask) -> bool:
    """Hands on final rows of confirmed members; True while anything may still change."""
    unfinished = False
    for member in list(task.members.all()):
        if member.confirmed_at is None:
            unfinished = True
        elif member.result_read_at is None:
            unfinished |= _read_member(task, member)
    return unfinished


def _read_member(task: OutboxTask, member: MassSendMember) -> bool:
    rows = wecom_of(task.sender).mass_send_results(task.msgid, member.userid)
    final = [
        {"external_userid": row["external_userid"], "status": row["status"], "at": _time(row)}
        for row in rows
        if row.get("status")
    ]
    with transaction.atomic():
        signals.results_read.send(OutboxTask, task=task, rows=final)
        complete = len(final) >= len(set(task.recipients) - set(task.refused) - set(task.dropped))
        if complete:
            MassSendMember.objects.filter(pk=member.pk).update(result_read_at=timezone.now())
    return not complete


def _schedule(task: OutboxTask, unfinished: bool) -> None:
    """Next reading: soon while young, rarely when old, never after a week or when all is known."""
    now = timezone.now()
    age = now - (task.accepted_at or now)
    if not unfinished or age > datetime.timedelta(days=settings.RESULT_POLL_DAYS):
        OutboxTask.objects.filter(pk=task.pk).update(poll_at=None)
        return
    soon = datetime.timedelta(seconds=settings.RESULT_POLL_SECONDS)
    pause = min(max(soon, age / 10), datetime.timedelta(minutes=30))
    OutboxTask.objects.filter(pk=task.pk).update(poll_at=now + pause)
