"""The call itself: recorded before it goes out, its outcome after, never inside a transaction."""

import datetime
import logging

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from channels import signals
from channels.models import MassSendMember, OutboxTask
from channels.outbox import clearance
from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom.api import wecom_of

logger = logging.getLogger(__name__)
State = OutboxTask.State
_BATCH = 20
_LEASE = datetime.timedelta(seconds=60)
_MAX_ATTEMPTS = 20
_CLEARED_FOR = datetime.timedelta(hours=24)
_OPEN = (State.QUEUED, State.SENDING, State.UNCERTAIN)


def send_due() -> int:
    """Sends what is queued and due; returns how many tasks were taken up."""
    count = 0
    while tasks := _claim():
        for task in tasks:
            try:
                if _keep_lease(task):
                    _send(task)
            except Exception:
                # Not sent, or unknown and then found by give_up_stuck; the others go on.
                logger.exception("sending task %s", task.pk)
        count += len(tasks)
    return count


def _claim() -> list[OutboxTask]:
    """Takes queued tasks. They are not yet "sending": a worker that dies here has called nobody."""
    now = timezone.now()
    with transaction.atomic():
        due = OutboxTask.objects.filter(state=State.QUEUED, next_attempt_at__lte=now)
        tasks = list(due.select_for_update(skip_locked=True).order_by("id")[:_BATCH])
        for task in tasks:
            task.next_attempt_at = now + _LEASE
        OutboxTask.objects.bulk_update(tasks, ["next_attempt_at"])
    return tasks


def _keep_lease(task: OutboxTask) -> bool:
    """Renews this worker's claim; False when the lease ran out and another worker has the task."""
    lease = timezone.now() + _LEASE
    mine = OutboxTask.objects.filter(
        pk=task.pk, state=State.QUEUED, next_attempt_at=task.next_attempt_at
    )
    task.next_attempt_at = lease
    return bool(mine.update(next_attempt_at=lease))


def _checked(task: OutboxTask) -> bool:
    """The clearance still fits and every check passes now; drops people who no longer may get it."""
    refusal = _paper_refusal(task)
    if not refusal:
        answer = clearance.recheck(task)
        if answer.later:
            return _postponed(task, answer.later)
        refusal = answer.refuse
        task.dropped = {person: list(why) for person, why in answer.drop.items()}
        if not refusal and set(task.recipients) <= set(task.dropped):
            refusal = "所有接收人都已不符合发送条件。"
    if refusal:
        # Only from the queue: another worker may be sending it by now.
        settle(task, State.FAILED, error=refusal, sources=(State.QUEUED,))
    return not refusal


def _postponed(task: OutboxTask, why: str) -> bool:
    OutboxTask.objects.filter(pk=task.pk, state=State.QUEUED).update(
        next_attempt_at=timezone.now() + datetime.timedelta(minutes=10), last_error=why[:300]
    )
    return False


def _paper_refusal(task: OutboxTask) -> str:
    if clearance.seal_of(task) != task.clearance_hash:
        return "内容与放行时不一致，已停止发送。"
    return ""


def _begin(task: OutboxTask) -> bool:
    """Commits "sending" before the call; False when somebody cancelled in between.

    All checks have just passed again, so an old clearance is as good as new.
    """
    now = task.sending_since = timezone.now()
    waiting = OutboxTask.objects.filter(pk=task.pk, state=State.QUEUED, cancel_requested_at=None)
    changed = waiting.update(
        state=State.SENDING,
        sending_since=now,
        attempts=task.attempts + 1,
        dropped=task.dropped,
        clearance_valid_until=max(task.clearance_valid_until, now + _CLEARED_FOR),
    )
    task.attempts += 1
    return bool(changed)


def _send(task: OutboxTask) -> None:
    if not _checked(task) or not _begin(task):
        return
    recipients = [person for person in task.recipients if person not in task.dropped]
    try:
        msgid, fail_list = wecom_of(task.sender).add_mass_send(task.sender, recipients, task.text)
    except ProviderError as error:
        _failed_call(task, error)
        return
    task.refused = sorted(set(task.refused) | set(fail_list))
    accept(task, msgid)


def accept(task: OutboxTask, msgid: str) -> None:
    """The task exists at WeCom under msgid; results are read from now on."""
    task.msgid = msgid
    settle(task, State.ACCEPTED)


def _failed_call(task: OutboxTask, error: ProviderError) -> None:
    logger.warning("outbox task %s: %s", task.pk, error.message)
    if error.uncertain:
        _keep(task, State.UNCERTAIN, error.message, datetime.timedelta(seconds=2))
    elif error.permanent or (_answered(error) and task.attempts >= _MAX_ATTEMPTS):
        settle(task, State.FAILED, error=error.message)
    else:
        slow = error.kind in {ErrorClass.RATE, ErrorClass.CONFIGURATION}
        pause = 60 if slow else min(2**task.attempts, 60)
        _keep(task, State.QUEUED, error.message, datetime.timedelta(seconds=pause))


def _answered(error: ProviderError) -> bool:
    """WeCom itself said no for a passing reason. Outages, limits and settings never use up tries."""
    return error.kind is ErrorClass.TRANSIENT and error.errcode is not None


@transaction.atomic
def _keep(task: OutboxTask, state: str, error: str, pause: datetime.timedelta) -> None:
    changed = OutboxTask.objects.filter(pk=task.pk, state=State.SENDING).update(
        state=state, last_error=error[:300], next_attempt_at=timezone.now() + pause
    )
    if changed and state == State.UNCERTAIN:
        signals.outbox_uncertain.send(OutboxTask, task=task)


@transaction.atomic
def settle(
    task: OutboxTask, state: str, *, error: str = "", sources: tuple[str, ...] = _OPEN
) -> None:
    """Ends a task and tells whoever asked, in one transaction; does nothing the second time."""
    locked = OutboxTask.objects.select_for_update().get(pk=task.pk)
    if locked.state not in sources:
        return
    now = timezone.now()
    locked.state, locked.last_error = state, error[:300]
    locked.msgid, locked.refused, locked.dropped = task.msgid, task.refused, task.dropped
    if state == State.ACCEPTED:
        locked.accepted_at = now
        locked.poll_at = now + datetime.timedelta(seconds=settings.RESULT_POLL_SECONDS)
        MassSendMember.objects.get_or_create(task=locked, userid=locked.sender)
    locked.save()
    signals.outbox_settled.send(OutboxTask, task=locked)


def give_up_stuck() -> int:
    """Tasks whose worker died while calling: nobody knows the outcome until WeCom is read."""
    stuck = OutboxTask.objects.filter(
        state=State.SENDING, sending_since__lt=timezone.now() - _LEASE
    )
    tasks = list(stuck)
    for task in tasks:
        _keep(task, State.UNCERTAIN, "发送进程中断，结果待核实。", datetime.timedelta(0))
    return len(tasks)
