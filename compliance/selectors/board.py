"""Numbers of the compliance board, within the reader's branches."""

import datetime
from typing import Any

from django.db.models import Count, F, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from compliance.archive.decode import waiting
from compliance.archive.records import UNDECODABLE
from compliance.archive.scan import unscanned
from compliance.lexicon import CATEGORIES, SEVERITY_NAMES
from compliance.models import (
    Alert,
    ArchiveCursor,
    ArchivedMessage,
    ArchiveEnvelope,
    Case,
    MessageScan,
)
from compliance.selectors.desk import OPEN_STATES
from scrm.accounts.models import User

State = Alert.State
_DAYS = 30
_COLOURS = {1: "#4299e1", 2: "#f59f00", 3: "#f76707", 4: "#d63939"}
Row = dict[str, Any]


def headline(user: User) -> dict[str, int]:
    rows = Alert.objects.visible_to(user)
    now = timezone.now()
    counts = rows.aggregate(
        open=Count("id", filter=Q(state__in=OPEN_STATES)),
        overdue=Count("id", filter=Q(state__in=OPEN_STATES, due_at__lt=now)),
        second=Count("id", filter=Q(state=State.AWAITING_SECOND)),
    )
    open_cases = Case.objects.visible_to(user).exclude(state=Case.State.CLOSED)
    return {
        **counts,
        "cases": open_cases.count(),
        "late_cases": open_cases.filter(due_at__lt=now).count(),
    }


def archive_health() -> dict[str, Any]:
    """Whether the archive keeps up: what is bank-wide cannot be split by branch."""
    last = ArchiveEnvelope.objects.order_by("-id").select_related("message").first()
    message = getattr(last, "message", None)
    return {
        "cursor": ArchiveCursor.objects.order_by("-moved_at").first(),
        "lag": last.received_at - message.sent_at if last and message else None,
        "waiting": waiting().count(),
        "unscanned": unscanned().count(),
        "undecodable": ArchivedMessage.objects.filter(msgtype=UNDECODABLE).count(),
        "unassigned": _unassigned(),
    }


def _unassigned() -> int:
    """Hits of employees whom the bank's staff list does not know: nobody's queue has them."""
    hits = MessageScan.objects.filter(severity__gte=1, message__from_staff=True, message__user=None)
    return hits.values("message").distinct().count()


def by_severity(user: User) -> list[Row]:
    """One row per severity with a count per state."""
    rows = Alert.objects.visible_to(user).values_list("severity", "state").annotate(n=Count("id"))
    table: dict[int, dict[str, int]] = {level: {} for level in (4, 3, 2, 1)}
    for severity, state, count in rows:
        table.setdefault(severity, {})[state] = count
    return [
        {"severity": level, "counts": [states.get(code, 0) for code in State.values]}
        for level, states in table.items()
    ]


def by_branch(user: User) -> list[Row]:
    now = timezone.now()
    rows = (
        Alert.objects.visible_to(user)
        .values(name=F("branch__name"))
        .annotate(
            total=Count("id"),
            open=Count("id", filter=Q(state__in=OPEN_STATES)),
            overdue=Count("id", filter=Q(state__in=OPEN_STATES, due_at__lt=now)),
            confirmed=Count("id", filter=Q(state=State.CONFIRMED)),
        )
    )
    return [dict(row) for row in rows.order_by("-overdue", "-open", "name")[:20]]


def precision(user: User) -> list[Row]:
    """Per category: of the decided alerts, how many were confirmed."""
    rows = (
        Alert.objects.visible_to(user)
        .values("category")
        .annotate(
            total=Count("id"),
            confirmed=Count("id", filter=Q(state=State.CONFIRMED)),
            decided=Count("id", filter=Q(state__in=(State.CONFIRMED, State.DISMISSED))),
        )
    )
    return [
        {**row, "name": CATEGORIES.get(row["category"], (row["category"], 0))[0]}
        for row in rows.order_by("-total")
    ]


def daily_chart(user: User) -> Row:
    """ECharts option: alerts per day of the last 30 days, stacked by severity."""
    today = timezone.localdate()
    days = [today - datetime.timedelta(days=back) for back in range(_DAYS - 1, -1, -1)]
    since = timezone.now() - datetime.timedelta(days=_DAYS)
    rows = Alert.objects.visible_to(user).filter(raised_at__gte=since)
    counts = (
        rows.annotate(day=TruncDate("raised_at"))
        .values_list("day", "severity")
        .annotate(n=Count("id"))
    )
    table = {(day, severity): n for day, severity, n in counts}
    return {
        "tooltip": {"trigger": "axis"},
        "legend": {"bottom": 0},
        "grid": {"left": 36, "right": 12, "top": 16, "bottom": 56},
        "xAxis": {"type": "category", "data": [f"{day:%m-%d}" for day in days]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            _series(level, [table.get((day, level), 0) for day in days]) for level in (1, 2, 3, 4)
        ],
    }


def _series(level: int, data: list[int]) -> Row:
    return {
        "name": f"S{level} {SEVERITY_NAMES[level]}",
        "type": "bar",
        "stack": "alerts",
        "data": data,
        "itemStyle": {"color": _COLOURS[level]},
    }
