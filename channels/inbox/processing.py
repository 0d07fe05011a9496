"""Claims waiting events, handles each once, backs off, and gives up into the dead letters."""

import datetime
import logging

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from channels.inbox.handlers import NotYet, handler_of
from channels.models import InboxEvent
from channels.providers.base import ProviderError
from scrm.audit.services import record
from scrm.core.actors import Actor
from scrm.core.bell import ring_once
from scrm.core.errors import BusinessError

logger = logging.getLogger(__name__)
_BATCH = 50
_MAX_ATTEMPTS = 8
State = InboxEvent.State
# Ended, one way or another; what waits or is being handled needs no replay.
REPLAYABLE = (State.DEAD, State.IGNORED, State.DONE)
MOST = 200


def _claim() -> list[InboxEvent]:
    """Waiting events, and claimed ones whose worker died (their lease has passed)."""
    now = timezone.now()
    with transaction.atomic():
        waiting = InboxEvent.objects.filter(
            state__in=[State.NEW, State.CLAIMED], next_attempt_at__lte=now
        )
        events = list(
            waiting.select_for_update(skip_locked=True).order_by("happened_at", "id")[:_BATCH]
        )
        for event in events:
            event.state, event.attempts = State.CLAIMED, event.attempts + 1
            event.next_attempt_at = now + datetime.timedelta(seconds=settings.INBOX_LEASE_SECONDS)
        InboxEvent.objects.bulk_update(events, ["state", "attempts", "next_attempt_at"])
    return events


def drain() -> int:
    """Handles everything that waits; returns how many events were taken up."""
    count = 0
    while events := _claim():
        for event in events:
            _handle(event)
        count += len(events)
    return count


def _handle(event: InboxEvent) -> None:
    handler = handler_of(event)
    if handler is None:
        _settle(event, State.IGNORED)
        return
    try:
        data = handler.fetch(event)
        with transaction.atomic():
            locked = InboxEvent.objects.select_for_update().get(pk=event.pk)
            if locked.state == State.CLAIMED:
                if handler.apply is not None:
                    handler.apply(event, data)
                _settle(event, State.DONE)
    except NotYet as error:
        _postpone(event, error)
    except ProviderError as error:
        _fail(event, error.message, final=error.permanent)
    except Exception as error:
        logger.exception("inbox event %s failed", event.pk)
        _fail(event, type(error).__name__, final=False)


def _settle(event: InboxEvent, state: str) -> None:
    InboxEvent.objects.filter(pk=event.pk).update(
        state=state, handled_at=timezone.now(), last_error=""
    )


def _postpone(event: InboxEvent, reason: NotYet) -> None:
    pause = datetime.timedelta(seconds=reason.seconds)
    InboxEvent.objects.filter(pk=event.pk, state=State.CLAIMED).update(
        state=State.NEW,
        attempts=event.attempts - 1,
        next_attempt_at=timezone.now() + pause,
        last_error=str(reason),
    )


def _fail(event: InboxEvent, text: str, *, final: bool) -> None:
    dead = final or event.attempts >= _MAX_ATTEMPTS
    pause = datetime.timedelta(seconds=min(2**event.attempts, 600))
    InboxEvent.objects.filter(pk=event.pk, state=State.CLAIMED).update(
        state=State.DEAD if dead else State.NEW,
        next_attempt_at=timezone.now() + pause,
        last_error=text[:300],
    )


@transaction.atomic
def replay(*, ids: list[int], actor: Actor) -> int:
    """Puts ended events back into the queue, at most MOST of them; returns how many.

    Handlers are idempotent, so nothing happens twice. Greetings are not touched: their codes are
    used up or dead.
    """
    from channels.tasks import inbox_drain

    if not ids or len(ids) > MOST:
        raise BusinessError(f"请勾选 1 到 {MOST} 条回调。")
    rows = InboxEvent.objects.select_for_update().filter(pk__in=ids, state__in=REPLAYABLE)
    events = {event.pk: event for event in rows.order_by("pk")}
    if not events:
        raise BusinessError("选中的回调正在排队或处理，不需要重放，请刷新页面。")
    InboxEvent.objects.filter(pk__in=events).update(
        state=State.NEW, attempts=0, next_attempt_at=timezone.now()
    )
    record("inbox.replay", actor=actor, label=_label(events), after={"events": list(events)})
    ring_once(inbox_drain)
    return len(events)


def _label(events: dict[int, InboxEvent]) -> str:
    first = next(iter(events.values()))
    return f"{first} #{first.pk}" if len(events) == 1 else f"{len(events)} 条"
