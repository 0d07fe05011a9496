"""Reads of the review desk: the queue, one alert, and who is concerned."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from compliance.alerts import CLAIM_LASTS
from compliance.models import Alert, Case
from scrm.accounts.models import User

State = Alert.State
OPEN_STATES = (State.NEW, State.CLAIMED, State.AWAITING_SECOND)
TABS = {"open": "待处理", "mine": "我领取的", "second": "待复核", "done": "已处理"}
_EXCERPT = 30
_HISTORY = datetime.timedelta(days=90)


def alerts_of(user: User) -> QuerySet[Alert]:
    rows = Alert.objects.visible_to(user)
    return rows.select_related(
        "user", "branch", "scan", "message", "customer", "claimed_by", "first_by", "decided_by"
    )


def queue(user: User, tab: str, severity: str = "") -> QuerySet[Alert]:
    """One tab of the queue, worst and most urgent first; decided ones newest first."""
    rows = alerts_of(user)
    if severity.isdigit():
        rows = rows.filter(severity=int(severity))
    if tab == "done":
        return rows.exclude(state__in=OPEN_STATES).order_by("-decided_at", "-id")
    return _open(rows, tab, user).order_by("-severity", "due_at", "id")


def _open(rows: QuerySet[Alert], tab: str, user: User) -> QuerySet[Alert]:
    if tab == "mine":
        return rows.filter(state=State.CLAIMED, claimed_by=user)
    if tab == "second":
        return rows.filter(state=State.AWAITING_SECOND)
    lapsed = Q(state=State.CLAIMED, claimed_at__lt=timezone.now() - CLAIM_LASTS)
    return rows.filter(Q(state=State.NEW) | Q(state=State.CLAIMED, claimed_by=user) | lapsed)


def tab_counts(user: User) -> dict[str, int]:
    """Numbers on the tabs that still need somebody."""
    return {
        tab: _open(Alert.objects.visible_to(user), tab, user).count()
        for tab in TABS
        if tab != "done"
    }


@dataclass(frozen=True, slots=True)
class Excerpt:
    text: str
    findings: list[dict[str, Any]]


def excerpt_of(text: str, findings: list[dict[str, Any]]) -> Excerpt:
    """One line around the worst hit, with the spans moved along."""
    hits = [f for f in findings if f["end"] > f["start"]]
    worst = max(hits, key=lambda f: (f["severity"], -f["start"]), default=None)
    start = max(0, worst["start"] - 10) if worst else 0
    end = min(len(text), start + _EXCERPT)
    lead, tail = "…" if start else "", "…" if end < len(text) else ""
    shift = start - len(lead)
    moved = [
        {**f, "start": f["start"] - shift, "end": min(f["end"], end) - shift}
        for f in hits
        if start <= f["start"] < end
    ]
    line = text[start:end].replace("\n", " ")
    return Excerpt(f"{lead}{line}{tail}", moved)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One alert as the queue shows it."""

    alert: Alert
    excerpt: Excerpt


def queue_rows(alerts: Iterable[Alert]) -> list[QueueRow]:
    return [QueueRow(a, excerpt_of(a.message.text, a.scan.findings)) for a in alerts]


@dataclass(frozen=True, slots=True)
class History:
    """Alerts of the last 90 days, and cases still open, of one person."""

    total: int
    confirmed: int
    dismissed: int
    open_cases: int


def history(reader: User, /, **whom: Any) -> History:
    """history(reader, user=rm) or history(reader, customer=customer)."""
    rows = Alert.objects.visible_to(reader).filter(raised_at__gte=timezone.now() - _HISTORY, **whom)
    counts = rows.aggregate(
        total=Count("id"),
        confirmed=Count("id", filter=Q(state=State.CONFIRMED)),
        dismissed=Count("id", filter=Q(state=State.DISMISSED)),
    )
    cases = Case.objects.visible_to(reader).exclude(state=Case.State.CLOSED)
    about = {f"alert__{name}": value for name, value in whom.items()}
    return History(**counts, open_cases=cases.filter(**about).count())


def cases_of(user: User) -> QuerySet[Case]:
    return Case.objects.visible_to(user).select_related(
        "alert__user", "alert__customer", "branch", "opened_by", "closed_by"
    )


def cases(user: User, state: str) -> QuerySet[Case]:
    """Open cases by deadline; closed ones newest first."""
    rows = cases_of(user).annotate(action_count=Count("actions"))
    if state == Case.State.CLOSED:
        return rows.filter(state=state).order_by("-closed_at")
    rows = rows.filter(state=state) if state else rows.exclude(state=Case.State.CLOSED)
    return rows.order_by("due_at")


def case_counts(user: User) -> dict[str, int]:
    rows = Case.objects.visible_to(user).order_by()
    return dict(rows.values_list("state").annotate(n=Count("id")))
