"""Numbers of the compliance board of the last 30 days, within the reader's branches.

Every row carries `to`: for each number the address of the desk that lists what was counted.
"""

import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Avg, Count, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from compliance.archive.decode import waiting
from compliance.archive.records import UNDECODABLE
from compliance.archive.scan import unscanned
from compliance.archive.watch import open_alarms
from compliance.lexicon import SEVERITY_NAMES
from compliance.models import (
    Alert,
    ArchiveCursor,
    ArchivedMessage,
    ArchiveEnvelope,
    Case,
    Decision,
    MessageScan,
)
from compliance.names import category_name
from compliance.selectors.desk import OPEN_STATES
from scrm.accounts.models import Role, User

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
        raised=Count("id", filter=Q(state__in=OPEN_STATES, level__gte=1)),
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
        "alarms": open_alarms(),
    }


def _unassigned() -> int:
    """Hits of employees whom the bank's staff list does not know: nobody's queue has them."""
    hits = MessageScan.objects.filter(severity__gte=1, message__from_staff=True, message__user=None)
    return hits.values("message").distinct().count()


def _window(user: User) -> QuerySet[Alert]:
    since = timezone.now() - datetime.timedelta(days=_DAYS)
    return Alert.objects.visible_to(user).filter(raised_at__gte=since)


def _counts() -> dict[str, Count]:
    late = Q(state__in=OPEN_STATES, due_at__lt=timezone.now())
    return {
        "total": Count("id"),
        "open": Count("id", filter=Q(state__in=OPEN_STATES)),
        "overdue": Count("id", filter=late),
        "confirmed": Count("id", filter=Q(state=State.CONFIRMED)),
        "dismissed": Count("id", filter=Q(state=State.DISMISSED)),
        "decided": Count("id", filter=Q(state__in=(State.CONFIRMED, State.DISMISSED))),
    }


def _rows(rows: QuerySet[Alert], **by: str) -> list[Row]:
    """One row per value of the named fields; the first name is also the desk's filter."""
    found = rows.order_by().values(*by.values()).annotate(**_counts())
    named = [{**row, **{name: row[path] for name, path in by.items()}} for row in found]
    key = next(iter(by))
    return [{**row, "to": _links({"tab": "all", "window": 1, key: row[key]})} for row in named]


def _links(base: Row) -> dict[str, str]:
    """The desk's address for each of a row's numbers."""
    narrower: dict[str, Row] = {
        "total": {},
        "open": {"pending": 1},
        "overdue": {"overdue": 1},
        "confirmed": {"state": State.CONFIRMED.value},
        "decided": {"settled": 1},
    }
    return {name: urlencode({**base, **more}) for name, more in narrower.items()}


def by_severity(user: User) -> list[Row]:
    """One row per severity with a count and a link per state."""
    rows = _window(user).order_by().values_list("severity", "state").annotate(n=Count("id"))
    table: dict[int, dict[str, int]] = {level: {} for level in (4, 3, 2, 1)}
    for severity, state, count in rows:
        table.setdefault(severity, {})[state] = count
    return [{"severity": level, "cells": _cells(level, table[level])} for level in table]


def _cells(level: int, states: dict[str, int]) -> list[Row]:
    base = {"tab": "all", "window": 1, "severity": level}
    return [
        {"n": states.get(code, 0), "query": urlencode({**base, "state": code})}
        for code in State.values
    ]


def by_branch(user: User) -> list[Row]:
    rows = _rows(_window(user), branch="branch_id", name="branch__name")
    return sorted(rows, key=lambda row: (-row["overdue"], -row["open"], row["name"]))[:20]


def by_rm(user: User) -> list[Row]:
    """Employees with the most confirmed alerts first."""
    rows = _rows(
        _window(user), user="user_id", person="user__name", branch_name="user__branch__name"
    )
    return sorted(rows, key=lambda row: (-row["confirmed"], -row["total"], row["person"]))[:20]


def precision(user: User) -> list[Row]:
    """Per rule: of the decided alerts, how many were right."""
    rows = _rows(
        _window(user).exclude(rule_id=""), rule="rule_id", category="category", subject="subject"
    )
    named = [{**row, "name": category_name(row["category"])} for row in rows]
    return sorted(named, key=lambda row: (-row["total"], row["rule"]))[:30]


def behaviour_counts(user: User) -> dict[str, Row]:
    """{rule code: counts} of the behaviour rules."""
    rows = _window(user).filter(subject=Alert.Subject.BEHAVIOUR)
    return {row["category"]: row for row in _rows(rows, category="category")}


def load(user: User) -> list[Row]:
    """Per officer: what they hold now, judged in 30 days, and how long a judgement took them."""
    since = timezone.now() - datetime.timedelta(days=_DAYS)
    officers = User.objects.visible_to(user).filter(role=Role.COMPLIANCE, is_active=True)
    judged: dict[int, Any] = {
        row["by"]: row
        for row in Decision.objects.filter(by__in=officers, at__gte=since)
        .order_by()
        .values("by")
        .annotate(n=Count("id"), seconds=Avg("seconds"))
    }
    held = dict(
        Alert.objects.filter(state=State.CLAIMED, claimed_by__in=officers)
        .order_by()
        .values_list("claimed_by")
        .annotate(n=Count("id"))
    )
    return [
        {
            "name": officer.name,
            "branch": officer.branch.name,
            "held": held.get(officer.pk, 0),
            "judged": judged.get(officer.pk, {}).get("n", 0),
            "seconds": judged.get(officer.pk, {}).get("seconds"),
        }
        for officer in officers.select_related("branch").order_by("branch__path", "username")[:30]
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
