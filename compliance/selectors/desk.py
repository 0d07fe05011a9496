"""Reads of the review desk: the queue, one alert, and who is concerned."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from compliance import workflow
from compliance.models import Alert, Case, Decision
from compliance.names import category_name
from scrm.accounts.models import User

State = Alert.State
OPEN_STATES = tuple(State(state) for state in workflow.OPEN)
TABS = {
    "open": "待处理",
    "mine": "我领取的",
    "second": "待复核",
    "raised": "已升级",
    "done": "已处理",
    "all": "全部",
}
_COUNTED = ("open", "mine", "second", "raised")
_EXCERPT = 30
_TEXTS = (("category", "category"), ("rule", "rule_id"), ("state", "state"), ("subject", "subject"))
_HISTORY = datetime.timedelta(days=90)
_WINDOW_DAYS = 30
DECIDED_DAYS = 90


@dataclass(frozen=True, slots=True)
class Filter:
    """What the address asks for; every number of the board leads here."""

    tab: str = "open"
    severity: str = ""
    branch: str = ""
    user: str = ""
    customer: str = ""
    category: str = ""
    rule: str = ""
    state: str = ""
    overdue: str = ""
    pending: str = ""
    settled: str = ""
    decided: str = ""
    subject: str = ""
    window: str = ""
    bulk: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Filter":
        given = {name: query.get(name, "")[:60] for name in cls.__slots__}
        given["tab"] = given["tab"] if given["tab"] in TABS else "open"
        return cls(**given)

    def chips(self) -> list[tuple[str, str]]:
        """(name, words) of the filters that the tabs do not show already."""
        words = {
            "branch": "指定机构",
            "user": "指定员工",
            "customer": "指定客户",
            "category": category_name(self.category),
            "rule": f"规则 {self.rule}",
            "state": dict(State.choices).get(self.state, self.state),
            "overdue": "已超期",
            "pending": "未处理",
            "settled": "已有结论",
            "decided": f"近 {DECIDED_DAYS} 天作出结论",
            "subject": dict(Alert.Subject.choices).get(self.subject, self.subject),
            "window": f"近 {_WINDOW_DAYS} 天",
        }
        return [(name, text) for name, text in words.items() if getattr(self, name)]


def alerts_of(user: User) -> QuerySet[Alert]:
    rows = Alert.objects.visible_to(user)
    return rows.select_related(
        "user__branch", "branch", "scan", "message__contact", "customer", "claimed_by",
        "first_by__branch", "decided_by", "case", "auto_rule",
    )  # fmt: skip


def queue(user: User, wanted: Filter) -> QuerySet[Alert]:
    """One tab of the queue, worst and most urgent first; decided ones newest first."""
    rows = _narrowed(alerts_of(user), wanted)
    if wanted.tab == "done":
        return rows.exclude(state__in=OPEN_STATES).order_by("-decided_at", "-id")
    if wanted.tab == "all":
        return rows.order_by("-id")
    return _open(rows, wanted.tab, user).order_by("-severity", "due_at", "id")


def _narrowed(rows: QuerySet[Alert], wanted: Filter) -> QuerySet[Alert]:
    for name, lookup in (("severity", "severity"), ("user", "user"), ("customer", "customer")):
        value = getattr(wanted, name)
        rows = rows.filter(**{lookup: int(value)}) if value.isdigit() else rows
    for name, lookup in _TEXTS:
        value = getattr(wanted, name)
        rows = rows.filter(**{lookup: value}) if value else rows
    if wanted.branch.isdigit():
        rows = rows.filter(branch__path__contains=f"/{wanted.branch}/")
    now = timezone.now()
    if wanted.overdue:
        rows = rows.filter(state__in=OPEN_STATES, due_at__lt=now)
    if wanted.pending:
        rows = rows.filter(state__in=OPEN_STATES)
    if wanted.settled:
        rows = rows.exclude(state__in=OPEN_STATES)
    if wanted.decided:
        rows = rows.filter(decided_at__gte=now - datetime.timedelta(days=DECIDED_DAYS))
    if wanted.window:
        rows = rows.filter(raised_at__gte=now - datetime.timedelta(days=_WINDOW_DAYS))
    return rows.filter(severity__lte=workflow.ALONE_UP_TO) if wanted.bulk else rows


def _open(rows: QuerySet[Alert], tab: str, user: User) -> QuerySet[Alert]:
    if tab == "mine":
        return rows.filter(state=State.CLAIMED, claimed_by=user)
    if tab == "second":
        return rows.filter(state=State.AWAITING_SECOND)
    if tab == "raised":
        return rows.filter(state__in=OPEN_STATES, level__gte=1)
    lapsed = Q(state=State.CLAIMED, active_at__lt=timezone.now() - workflow.CLAIM_LASTS)
    free = Q(state__in=(State.NEW, State.DISPUTED))
    return rows.filter(free | Q(state=State.CLAIMED, claimed_by=user) | lapsed)


def tab_counts(user: User) -> dict[str, int]:
    """Numbers on the tabs that still need somebody, in one query."""
    now = timezone.now()
    free = Q(state__in=(State.NEW, State.DISPUTED))
    mine = Q(state=State.CLAIMED, claimed_by=user)
    lapsed = Q(state=State.CLAIMED, active_at__lt=now - workflow.CLAIM_LASTS)
    conditions = {
        "open": free | mine | lapsed,
        "mine": mine,
        "second": Q(state=State.AWAITING_SECOND),
        "raised": Q(state__in=OPEN_STATES, level__gte=1),
    }
    counts = {tab: Count("id", filter=conditions[tab]) for tab in _COUNTED}
    return Alert.objects.visible_to(user).filter(state__in=OPEN_STATES).aggregate(**counts)


def decisions(alert: Alert) -> QuerySet[Decision]:
    return alert.decisions.select_related("by")


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
    return [QueueRow(alert, _line(alert)) for alert in alerts]


def _line(alert: Alert) -> Excerpt:
    if alert.subject == Alert.Subject.BEHAVIOUR:
        return Excerpt(alert.title, [])
    return excerpt_of(alert.text, alert.findings)


def related(alert: Alert, reader: User) -> QuerySet[Alert]:
    """Other alerts of the last 90 days about the same employee or the same customer."""
    same = Q(user=alert.user)
    if alert.customer_id:
        same |= Q(customer=alert.customer_id)
    rows = alerts_of(reader).filter(same, raised_at__gte=timezone.now() - _HISTORY)
    return rows.exclude(pk=alert.pk).order_by("-raised_at")


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
