"""Reads for the connection page."""

import datetime
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from channels.inbox.handlers import name_of
from channels.inbox.handlers.registry import HANDLERS
from channels.models import (
    AnyCode,
    Code,
    ContactWay,
    GroupCode,
    InboxEvent,
    OutboxTask,
    SyncRun,
    Welcome,
)


def outbox_counts() -> dict[str, int]:
    rows = OutboxTask.objects.values_list("state").annotate(n=Count("id"))
    return dict.fromkeys(OutboxTask.State.values, 0) | dict(rows)


# Nobody needs to know more exactly how long a queue is that should be empty.
MOST_COUNTED = 10_000


def inbox_open() -> dict[str, int]:
    """Events without a good end by state, each found by an index and counted to MOST_COUNTED."""
    states = InboxEvent.State
    return {
        str(state): InboxEvent.objects.filter(state=state)[:MOST_COUNTED].count()
        for state in (states.NEW, states.CLAIMED, states.DEAD, states.IGNORED)
    }


def inbox_rows(state: str, event: str) -> QuerySet[InboxEvent]:
    """Newest first; `event` is WeCom's type or type/change."""
    rows = InboxEvent.objects.select_related("welcome").order_by("-id")
    kind, _, change = event.partition("/")
    wanted = {"state": state, "event": kind, "change_type": change}
    return rows.filter(**{name: value for name, value in wanted.items() if value})


def event_kinds() -> list[tuple[str, str]]:
    """(type/change, Chinese name) of every type with an entry, for the filter."""
    return sorted(
        (
            (f"{event}/{change}".rstrip("/*"), entry.name)
            for (event, change), entry in HANDLERS.items()
        ),
        key=lambda pair: pair[0],
    )


def welcome_rows() -> QuerySet[Welcome]:
    """The last greetings that did not go out, or not whole, with their reasons."""
    fine = Q(state=Welcome.State.SENT, reason="") | Q(state=Welcome.State.NEW)
    return Welcome.objects.exclude(fine).order_by("-id")[:10]


@dataclass(frozen=True, slots=True)
class Stuck:
    """A live code that waits for a person; its `push_error` says why, its page mends it."""

    code: AnyCode
    is_group: bool


def codes_stuck() -> list[Stuck]:
    """The last ones of each kind."""
    rows: list[Stuck] = []
    for model in (ContactWay, GroupCode):
        waiting = Q(push_state__in=[Code.Push.FAILED, Code.Push.GONE])
        # Group codes alone cannot be looked up at WeCom: those that nobody will push again.
        waiting |= Q(push_state=Code.Push.UNCERTAIN, push_at=None)
        found = model.objects.live().filter(waiting).order_by("-pk")[:10]
        rows += [Stuck(code, model is GroupCode) for code in found]
    return rows


def latest_sync(kind: str = SyncRun.Kind.CONTACTS) -> SyncRun | None:
    return SyncRun.objects.filter(kind=kind).first()


def welcome_counts() -> dict[str, int]:
    """Greetings of the last 24 hours by state."""
    since = timezone.now() - datetime.timedelta(days=1)
    rows = Welcome.objects.filter(created_at__gte=since).values_list("state")
    counts = rows.annotate(n=Count("id"))
    return dict.fromkeys(Welcome.State.values, 0) | dict(counts)


# Good news ends the warning of the same account.
_WARNINGS = ("balance_low", "balance_exhausted", "quota_expire_soon", "balance_increased")


def acquisition_warning() -> str:
    """What WeCom last said about the balance of paid links, if it is bad and not a month old."""
    since = timezone.now() - datetime.timedelta(days=30)
    event = (
        InboxEvent.objects.filter(
            event="customer_acquisition", change_type__in=_WARNINGS, happened_at__gte=since
        )
        .order_by("-happened_at", "-id")
        .first()
    )
    if event is None or event.change_type == "balance_increased":
        return ""
    left = event.body.get("ExpireQuotaNum")
    return name_of(event) + (f"（{left} 次）" if left else "")
