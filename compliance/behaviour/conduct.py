"""Employees who look at, take along or send more than their work explains."""

import datetime
from collections.abc import Iterator

from django.db.models import Count, F, Min, Q
from django.db.models.functions import TruncHour
from django.utils import timezone

from compliance.behaviour.reading import new_messages
from compliance.models import Alert, ArchivedMessage
from compliance.raising import Cause
from scrm.accounts.models import User
from scrm.audit.models import AuditEvent
from scrm.core.limits import number

Behaviour = Alert.Subject.BEHAVIOUR
_LOOK_BACK = datetime.timedelta(hours=26)
_PACKETS = ("redpacket", "external_redpacket")


def _looks(action: str, limit: int, category: str, title: str, severity: int) -> Iterator[Cause]:
    """Acts of one kind by one person within an hour; one alert a person and day."""
    rows = (
        AuditEvent.objects.filter(
            action=action, at__gte=timezone.now() - _LOOK_BACK, actor__isnull=False
        )
        .order_by()
        .annotate(hour=TruncHour("at"))
        .values("actor_id", "hour")
        .annotate(n=Count("id"))
        .filter(n__gte=limit)
        .order_by("hour")
    )
    people = User.objects.select_related("branch").in_bulk({row["actor_id"] for row in rows})
    for row in rows:
        hour = timezone.localtime(row["hour"])
        yield Cause(
            user=people[row["actor_id"]],
            severity=severity,
            category=category,
            rule_id=f"behaviour.{category}",
            subject=Behaviour,
            title=title,
            facts=[["时间", f"{hour:%Y-%m-%d %H} 时"], ["次数", f"{row['n']} 次（上限 {limit}）"]],
            condition=f"{category}:{row['actor_id']}:{hour:%Y%m%d}",
        )


def mass_views() -> Iterator[Cause]:
    limit = number("BEHAVIOUR_VIEWS_PER_HOUR")
    return _looks("customer.view", limit, "mass_views", "一小时内大量查看客户资料", 2)


def mass_unmasking() -> Iterator[Cause]:
    limit = number("UNMASK_PER_HOUR")
    return _looks("customer.unmask", limit, "mass_unmasking", "一小时内大量查看敏感信息", 3)


def mass_export() -> Iterator[Cause]:
    limit = number("BEHAVIOUR_EXPORTS_PER_HOUR")
    return _looks("export.create", limit, "mass_export", "一小时内多次导出", 3)


def red_packets() -> Iterator[Cause]:
    """Money between employee and customer, whoever gives it: one alert a conversation and day."""
    for message in new_messages("red_packet", msgtype__in=_PACKETS):
        giver = "员工" if message.from_staff else "客户"
        yield _shown(message, message.user, 2, "red_packet", f"会话中出现{giver}发出的红包")


def cards() -> Iterator[Cause]:
    """Contact cards handed to customers lead them elsewhere."""
    for message in new_messages("card_sent", msgtype="card", from_staff=True):
        yield _shown(message, message.user, 1, "card_sent", "员工向客户发送名片")


def _shown(
    message: ArchivedMessage, user: User | None, severity: int, category: str, title: str
) -> Cause:
    assert user is not None  # noqa: S101 - the query left out messages without an employee
    at = timezone.localtime(message.sent_at)
    return Cause(
        user=user,
        customer_id=message.customer_id,
        severity=severity,
        category=category,
        message=message,
        rule_id=f"behaviour.{category}",
        subject=Behaviour,
        title=title,
        facts=[["时间", f"{at:%Y-%m-%d %H:%M}"]],
        condition=f"{category}:{message.conversation}:{at:%Y%m%d}"[:120],
    )


def off_hours_bursts() -> Iterator[Cause]:
    """Many messages to customers within one hour of the night; one alert a person and day."""
    start, end = number("BEHAVIOUR_NIGHT_FROM"), number("BEHAVIOUR_NIGHT_UNTIL")
    night = Q(sent_at__hour__gte=start) | Q(sent_at__hour__lt=end)
    rows = (
        ArchivedMessage.objects.filter(
            sent_at__gte=timezone.now() - _LOOK_BACK,
            action="send",
            from_staff=True,
            user__isnull=False,
        )
        .annotate(hour=TruncHour("sent_at"))
        .filter(night)
        .values("user_id", "hour")
        .annotate(n=Count("id"), people=Count(F("conversation"), distinct=True), at=Min("sent_at"))
        .filter(n__gte=number("BEHAVIOUR_NIGHT_MESSAGES"))
        .order_by("hour")
    )
    people = User.objects.select_related("branch").in_bulk({row["user_id"] for row in rows})
    for row in rows:
        hour = timezone.localtime(row["hour"])
        yield Cause(
            user=people[row["user_id"]],
            severity=1,
            category="off_hours",
            rule_id="behaviour.off_hours",
            subject=Behaviour,
            title="非工作时间集中发送消息",
            facts=[
                ["时间", f"{hour:%Y-%m-%d %H} 时"],
                ["消息", f"{row['n']} 条，涉及 {row['people']} 位客户"],
            ],
            condition=f"off_hours:{row['user_id']}:{hour:%Y%m%d}",
        )
