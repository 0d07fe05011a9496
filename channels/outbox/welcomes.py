"""The fast lane of greetings: decide, record, call once. Nothing is read from WeCom before.

A code lives twenty seconds and works once, so there is nothing to reconcile afterwards: a call
whose end nobody knows stays uncertain and is never repeated.
"""

import datetime
import logging
from typing import Any

from django.db import transaction
from django.utils import timezone

from channels.media import uploads
from channels.models import Welcome
from channels.outbox import greeting
from channels.outbox.greeting import Cleared, Refused
from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom.api import wecom
from scrm.core.bell import ring

logger = logging.getLogger(__name__)
State = Welcome.State
_BATCH = 10
# Longer than the deciding of a batch takes; a worker that dies in it has called nobody.
_LEASE = datetime.timedelta(seconds=3)
# Longer than any call takes: after this the worker that called is dead.
_GIVEN_UP = datetime.timedelta(seconds=30)
_RETRY_SECONDS = 0.5
BAD_CODE, ALREADY, NO_AGREEMENT, IN_PROGRESS = 41050, 41051, 41053, 41096
_ABOUT_THE_CODE = {BAD_CODE, ALREADY, NO_AGREEMENT, IN_PROGRESS}
BAD_MEDIA, APP_NOT_BOUND = 40007, 90207


def send_due() -> int:
    """Sends what waits; returns how many were taken up."""
    count = 0
    while rows := _claim():
        for row in rows:
            try:
                _greet(row)
            except Exception:
                # Not called, or uncertain and found by the sweeper; the others go on.
                logger.exception("welcome %s", row.pk)
        count += len(rows)
    return count


def _claim() -> list[Welcome]:
    """The oldest first. They stay new: until `_begin` nobody has been called."""
    now = timezone.now()
    waiting = Welcome.objects.filter(state=State.NEW, next_attempt_at__lte=now, deadline__gt=now)
    with transaction.atomic():
        rows = list(waiting.select_for_update(skip_locked=True).order_by("deadline")[:_BATCH])
        Welcome.objects.filter(pk__in=[row.pk for row in rows]).update(next_attempt_at=now + _LEASE)
    return rows


def _greet(row: Welcome) -> None:
    answer = greeting.cleared(row)
    if isinstance(answer, Refused):
        _settle(row, State.SKIPPED, answer.why, sources=(State.NEW,))
    elif _begin(row, answer):
        _call(row, answer)


def _begin(row: Welcome, words: Cleared) -> bool:
    """Commits "sending" before the call; False when another worker has it, or it is too late."""
    now = timezone.now()
    mine = Welcome.objects.filter(pk=row.pk, state=State.NEW, deadline__gt=now)
    row.attempts += 1
    return bool(
        mine.update(
            state=State.SENDING,
            sending_since=now,
            attempts=row.attempts,
            text=words.text,
            attachments=list(words.attachments),
            cleared_by=words.cleared_by,
            clearance_rules=words.rules,
            clearance_hash=greeting.seal_of(row, words),
        )
    )


def _call(row: Welcome, words: Cleared) -> None:
    """Files that have no copy at WeCom stay behind: nothing is uploaded while the code dies."""
    parts = uploads.filled(row.corp_id, words.attachments)
    notes = [*words.left_out, *(f"附件「{name}」还没有上传到企业微信" for name in parts.missing)]
    try:
        _send(row, words.text, parts.attachments)
    except ProviderError as error:
        if parts.attachments and _about_attachments(error):
            if error.errcode == BAD_MEDIA:
                uploads.distrust(row.corp_id, words.attachments)
            notes.append(f"附件被企业微信拒绝，只发了文字：{error.message}")
            _call_plain(row, words, parts.attachments, notes)
        else:
            _failed(row, error)
    else:
        _settle(row, State.SENT, _told(notes))


def _send(row: Welcome, text: str, attachments: list[Any]) -> None:
    wecom(row.corp_id).welcome.send(row.code, text, attachments)


def _about_attachments(error: ProviderError) -> bool:
    """WeCom said no for good, and not because of the code, which it has not used up then."""
    if error.errcode is None or error.errcode in _ABOUT_THE_CODE:
        return False
    return error.permanent or error.errcode == APP_NOT_BOUND


def _call_plain(row: Welcome, words: Cleared, sent: list[Any], notes: list[str]) -> None:
    """Once more with the text, and with the cards of links if files were the trouble."""
    cards = [part for part in sent if part["msgtype"] == "link"]
    try:
        _send(row, words.text, cards if len(cards) < len(sent) else [])
    except ProviderError as error:
        _failed(row, error)
    else:
        _settle(row, State.SENT, _told(notes))


def _told(notes: list[str]) -> str:
    return f"{'；'.join(note.rstrip('。') for note in notes)}。" if notes else ""


def _failed(row: Welcome, error: ProviderError) -> None:
    logger.info("welcome %s: %s", row.pk, error.message)
    if error.uncertain:
        _settle(row, State.UNCERTAIN, error.message)
    elif error.errcode == BAD_CODE:
        _settle(row, State.EXPIRED, error.message)
    elif error.errcode == ALREADY:
        _settle(row, State.SKIPPED, "已有欢迎语或双方已开始聊天。")
    elif error.errcode == NO_AGREEMENT:
        _settle(row, State.SKIPPED, "客户尚未同意会话存档，同意后会收到新的欢迎语凭证。")
    elif error.errcode == IN_PROGRESS or error.kind in {ErrorClass.TRANSIENT, ErrorClass.RATE}:
        _again(row, error)
    else:
        _settle(row, State.FAILED, error.message)


def _again(row: Welcome, error: ProviderError) -> None:
    """WeCom has not greeted with this call: once more soon, while the code lives."""
    from channels.tasks import welcome_send

    soon = timezone.now() + datetime.timedelta(seconds=_RETRY_SECONDS)
    if soon >= row.deadline:
        _settle(row, State.FAILED, error.message)
        return
    with transaction.atomic():
        Welcome.objects.filter(pk=row.pk, state=State.SENDING).update(
            state=State.NEW, next_attempt_at=soon, reason=error.message[:300]
        )
        ring(welcome_send, countdown=_RETRY_SECONDS)


def _settle(
    row: Welcome, state: str, reason: str = "", sources: tuple[str, ...] = (State.SENDING,)
) -> None:
    Welcome.objects.filter(pk=row.pk, state__in=sources).update(
        state=state, reason=reason[:300], settled_at=timezone.now(), code=""
    )


def sweep() -> int:
    """Ends what nobody can end any more; returns how many."""
    now = timezone.now()
    late = Welcome.objects.filter(state=State.NEW, deadline__lte=now).update(
        state=State.EXPIRED, reason="20 秒内没有发出。", settled_at=now, code=""
    )
    lost = Welcome.objects.filter(state=State.SENDING, sending_since__lt=now - _GIVEN_UP).update(
        state=State.UNCERTAIN, reason="发送进程中断，结果未知。", settled_at=now, code=""
    )
    return late + lost
