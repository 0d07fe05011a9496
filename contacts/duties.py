"""The reasons to contact a customer today, each as a stream of tasks that are not yet stored."""

import datetime
from collections.abc import Callable, Iterator
from decimal import Decimal

from django.db.models import F, Q
from django.utils import timezone

from contacts.models import Customer, Holding, Task, Transaction

# Below these an RM's day is better spent elsewhere.
MATURITY_DAYS = 7
MATURITY_LEAST = Decimal(50_000)
FLOW_DAYS = 2
FLOW_LEAST = Decimal(200_000)
BIRTHDAY_DAYS = 2
WORTHY = (Customer.Tier.GOLD, Customer.Tier.PLATINUM, Customer.Tier.DIAMOND, Customer.Tier.PRIVATE)
SILENT_DAYS = 14
RISK_DAYS = 21

Reason = Callable[[datetime.date], Iterator[Task]]


def _wan(amount: Decimal) -> str:
    return f"{(amount / 10_000).quantize(Decimal(1)):,} 万"


def _days_later(distance: int) -> str:
    return {0: "今天", 1: "明天", 2: "后天"}.get(distance, f"{distance} 天后")


def _worth(amount: Decimal) -> int:
    """0–30: one step for each doubling over ten thousand, so that wealth never beats urgency."""
    return min(30, 2 * int(amount / 10_000).bit_length())


def _task(customer: Customer, kind: str, source: str, reason: str, action: str, priority: int,
          due_on: datetime.date, on: datetime.date) -> Task:  # fmt: skip
    return Task(
        owner_id=customer.owner_id, customer=customer, kind=kind, source=source, reason=reason,
        action=action, priority=priority, due_on=due_on, shown_from=on,
    )  # fmt: skip


def maturing(on: datetime.date) -> Iterator[Task]:
    holdings = Holding.objects.filter(
        closed_on=None,
        amount__gte=MATURITY_LEAST,
        matures_on__range=(on, on + datetime.timedelta(days=MATURITY_DAYS)),
    ).select_related("customer", "product")
    for row in holdings.order_by("id").iterator(2000):
        matures = row.matures_on or on
        left = (matures - on).days
        reason = (
            f"{row.product.get_kind_display()} {_wan(row.amount)} {_days_later(left)}到期，未续约"
        )
        # Three days before it is time to talk, and the manager may already do it today.
        due = max(on, matures - datetime.timedelta(days=3))
        priority = 60 - 3 * left + _worth(row.amount)
        yield _task(
            row.customer,
            Task.Kind.MATURITY,
            f"maturity:{row.pk}",
            reason,
            "联系承接",
            priority,
            due,
            on,
        )


def flowing(on: datetime.date) -> Iterator[Task]:
    since = timezone.make_aware(
        datetime.datetime.combine(on, datetime.time())
    ) - datetime.timedelta(days=FLOW_DAYS)
    rows = Transaction.objects.filter(
        kind__in=[Transaction.Kind.TRANSFER_IN, Transaction.Kind.TRANSFER_OUT],
        amount__gte=FLOW_LEAST,
        occurred_at__gte=since,
    ).select_related("customer")
    for row in rows.order_by("id").iterator(2000):
        incoming = row.kind == Transaction.Kind.TRANSFER_IN
        day = timezone.localtime(row.occurred_at)
        reason = f"{day:%-m 月 %-d 日}{row.get_kind_display()} {_wan(row.amount)}，" + (
            "资金尚未配置" if incoming else "了解去向并挽留"
        )
        priority = (55 if incoming else 65) + _worth(row.amount)
        action = "推荐配置" if incoming else "电话挽留"
        yield _task(
            row.customer, Task.Kind.FLOW, f"flow:{row.pk}", reason, action, priority, on, on
        )


def birthdays(on: datetime.date) -> Iterator[Task]:
    for left in range(BIRTHDAY_DAYS + 1):
        day = on + datetime.timedelta(days=left)
        rows = Customer.objects.filter(
            birthday__month=day.month, birthday__day=day.day, tier__in=WORTHY
        )
        for customer in rows.order_by("id").iterator(2000):
            date = f"{day.month} 月 {day.day} 日"
            reason = f"{_days_later(left)}生日（{date}），{customer.get_tier_display()}客户"
            source = f"birthday:{customer.pk}:{day.year}"
            priority = 40 - 2 * left + _worth(customer.aum)
            yield _task(customer, Task.Kind.BIRTHDAY, source, reason, "送上祝福", priority, day, on)


def leaving(on: datetime.date) -> Iterator[Task]:
    silent = timezone.make_aware(
        datetime.datetime.combine(on, datetime.time())
    ) - datetime.timedelta(days=SILENT_DAYS)
    rows = Customer.objects.filter(stage=Customer.Stage.CHURNING, tier__in=WORTHY).filter(
        Q(last_contact_at=None) | Q(last_contact_at__lt=silent)
    )
    for customer in rows.order_by("id").iterator(2000):
        reason = f"近 1 个月没有交易且资金流出，{SILENT_DAYS} 天未联系"
        source = f"churn:{customer.pk}:{on:%Y-%m}"
        priority = 50 + _worth(customer.aum)
        yield _task(customer, Task.Kind.CHURN, source, reason, "电话回访", priority, on, on)


def assessments(on: datetime.date) -> Iterator[Task]:
    rows = Customer.objects.filter(
        risk_expires_on__range=(
            on - datetime.timedelta(days=RISK_DAYS),
            on - datetime.timedelta(days=1),
        ),
        risk_level__gt=0,
        tier__in=WORTHY,
    ).annotate(expired=F("risk_expires_on"))
    for customer in rows.order_by("id").iterator(2000):
        expired = f"{customer.risk_expires_on:%-m 月 %-d 日}"
        reason = f"风险测评（C{customer.risk_level}）已于 {expired}到期，不能购买理财"
        source = f"risk:{customer.pk}:{customer.risk_expires_on}"
        priority = 35 + _worth(customer.aum)
        due = on + datetime.timedelta(days=5)
        yield _task(customer, Task.Kind.RISK, source, reason, "邀约重测", priority, due, on)


REASONS: tuple[Reason, ...] = (maturing, flowing, birthdays, leaving, assessments)
