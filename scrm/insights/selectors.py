"""Figures of the boards, by the definitions of the product's KPI list, for what a user may see."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from campaigns.models import Campaign, Delivery
from campaigns.selectors import funnels
from compliance.models import Alert
from contacts.models import Customer, CustomerEvent, Follow, Task, Transaction
from scrm.accounts.models import User

_WINDOW = datetime.timedelta(days=30)
_LIVE = ("click", "message", "login", "page_view")


@dataclass(frozen=True, slots=True)
class Kpi:
    """value and previous: of this window and the one before; unit "%" or "¥"."""

    name: str
    definition: str
    value: float
    previous: float | None
    unit: str
    reference: str

    @property
    def change(self) -> float | None:
        if not self.previous:
            return None
        return round(100 * (self.value - self.previous) / self.previous, 1)


def _ratio(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def _customers(user: User) -> "QuerySet[Customer]":
    return Customer.objects.visible_to(user)


def covered(user: User) -> int:
    """Customers in scope with at least one active friendship."""
    friends = Follow.objects.filter(state=Follow.State.ACTIVE, contact__customer__isnull=False)
    return _customers(user).filter(pk__in=friends.values("contact__customer_id")).count()


def _sales(user: User, start: datetime.datetime, end: datetime.datetime) -> Decimal:
    rows = Transaction.objects.filter(
        customer__in=_customers(user), kind="purchase", occurred_at__gte=start, occurred_at__lt=end
    )
    return rows.aggregate(total=Sum("amount"))["total"] or Decimal(0)


def _active(user: User, start: datetime.datetime, end: datetime.datetime) -> int:
    rows = CustomerEvent.objects.filter(
        customer__in=_customers(user), kind__in=_LIVE, occurred_at__gte=start, occurred_at__lt=end
    )
    return rows.aggregate(n=Count("customer_id", distinct=True))["n"]


def _woken(user: User, start: datetime.datetime) -> tuple[int, int]:
    """(dormant or blank customers who bought since `start`, dormant or blank customers)."""
    sleeping = _customers(user).filter(stage__in=["dormant", "blank"])
    bought = Transaction.objects.filter(kind="purchase", occurred_at__gte=start)
    return sleeping.filter(pk__in=bought.values("customer_id")).count(), sleeping.count()


def kpis(user: User) -> list[Kpi]:
    """The KPI cards; windows are the last 30 days against the 30 before."""
    now = timezone.now()
    start, before = now - _WINDOW, now - 2 * _WINDOW
    total = _customers(user).count()
    woken, sleeping = _woken(user, start)
    return [
        Kpi(
            "客户覆盖度",
            "有好友关系的客户 ÷ 范围内客户",
            _ratio(covered(user), total),
            None,
            "%",
            "+50%",
        ),
        Kpi(
            "客户活跃度",
            "30 天内点击、回复、登录或浏览的客户 ÷ 范围内客户",
            _ratio(_active(user, start, now), total),
            _ratio(_active(user, before, start), total),
            "%",
            "+30–35%",
        ),
        Kpi(
            "产品销量",
            "30 天内申购金额，对比前 30 天",
            float(_sales(user, start, now)),
            float(_sales(user, before, start)),
            "¥",
            "+15–20%",
        ),
        Kpi(
            "沉睡空白激活",
            "沉睡或空白客户中 30 天内申购的比例",
            _ratio(woken, sleeping),
            None,
            "%",
            "+10%",
        ),
    ]


def branch_rows(user: User) -> list[Any]:
    """Customers, AUM and covered customers by branch, for the table with bars."""
    friends = Follow.objects.filter(state=Follow.State.ACTIVE, contact__customer__isnull=False)
    return list(
        _customers(user)
        .values(label=F("branch__name"))
        .annotate(
            customers=Count("id"),
            aum=Sum("aum"),
            covered=Count("id", filter=Q(pk__in=friends.values("contact__customer_id"))),
        )
        .order_by("-aum")
    )


def campaign_ranking(user: User) -> list[dict[str, Any]]:
    """Launched campaigns by clicks among the delivered."""
    rows = list(Campaign.objects.visible_to(user).filter(launched_at__isnull=False)[:50])
    figures = funnels(rows)
    ranked: list[dict[str, Any]] = [{"campaign": row, **figures[row.pk]} for row in rows]
    return sorted(ranked, key=lambda r: -_ratio(r["clicked"], r["delivered"]))[:10]


def stage_funnel(user: User) -> list[tuple[str, int]]:
    """The four steps of private-domain operation as people."""
    reached = Delivery.objects.visible_to(user)
    steps = reached.aggregate(
        delivered=Count("customer", filter=Q(delivered_at__isnull=False), distinct=True),
        clicked=Count("customer", filter=Q(clicked_at__isnull=False), distinct=True),
        replied=Count("customer", filter=Q(replied_at__isnull=False), distinct=True),
    )
    return [
        ("客户", _customers(user).count()),
        ("好友", covered(user)),
        ("触达", steps["delivered"]),
        ("点击", steps["clicked"]),
        ("回复", steps["replied"]),
    ]


def open_alerts(user: User) -> int:
    closed = [Alert.State.DISMISSED, Alert.State.CONFIRMED]
    return Alert.objects.visible_to(user).exclude(state__in=closed).count()


def rm_figures(user: User) -> dict[str, int]:
    """An RM's own day: done and open tasks of the week, confirmations that wait."""
    week = timezone.now() - datetime.timedelta(days=7)
    mine = Task.objects.visible_to(user)
    waiting = Delivery.objects.visible_to(user).filter(state=Delivery.State.HANDED_OVER)
    return {
        "done": mine.filter(state=Task.State.DONE, closed_at__gte=week).count(),
        "open": Task.objects.due().visible_to(user).count(),
        "waiting": waiting.count(),
    }
