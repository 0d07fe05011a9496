"""Employees who part from customers, or let them wait."""

import datetime
from collections.abc import Iterator

from django.db.models import Count
from django.utils import timezone

from compliance.behaviour.reading import new_messages
from compliance.lexicons import complaint_words
from compliance.models import Alert, ArchivedMessage, Case
from compliance.raising import Cause
from contacts.models import Customer, Follow
from scrm.accounts.models import Role, User
from scrm.core.limits import number

Behaviour = Alert.Subject.BEHAVIOUR
_LOOK_BACK = datetime.timedelta(days=7)
_LATE_BACK = datetime.timedelta(days=2)


def deleted_customers() -> Iterator[Cause]:
    """S2; S3 with a proposal of who should take over when money or an open case is at stake."""
    rows = Follow.objects.filter(
        state=Follow.State.DELETED_BY_RM, lost_at__gte=timezone.now() - _LOOK_BACK
    ).select_related("user__branch", "contact__customer")
    for follow in rows:
        yield _deleted(follow)


def _deleted(follow: Follow) -> Cause:
    customer, at = follow.contact.customer, follow.lost_at or timezone.now()
    stake = _stake(customer)
    facts = [["时间", f"{timezone.localtime(at):%Y-%m-%d %H:%M}"], ["添加渠道", _channel(follow)]]
    if stake:
        facts += [["涉及", stake], ["建议转交", _successor(follow.user)]]
    return Cause(
        user=follow.user,
        customer_id=customer.pk if customer else None,
        severity=3 if stake else 2,
        category="customer_deleted",
        rule_id="behaviour.customer_deleted",
        subject=Behaviour,
        title="员工删除了客户好友",
        facts=facts,
        condition=f"deleted:{follow.pk}:{at:%Y%m%d%H%M%S}",
    )


def _channel(follow: Follow) -> str:
    return follow.channel_state or "未标记"


def _stake(customer: Customer | None) -> str:
    if customer is None:
        return ""
    words = []
    if customer.aum >= number("BEHAVIOUR_DELETED_AUM_FROM"):
        words.append(f"管理资产 {customer.aum:,.0f} 元")
    cases = Case.objects.filter(alert__customer=customer).exclude(state=Case.State.CLOSED)
    if cases.exists():
        words.append("有未结工单")
    return "，".join(words)


def _successor(leaver: User) -> str:
    """The colleague of the same branch with the fewest customers."""
    colleagues = User.objects.filter(branch=leaver.branch, role=Role.RM, is_active=True).exclude(
        pk=leaver.pk
    )
    chosen = colleagues.annotate(load=Count("customers")).order_by("load", "pk").first()
    if chosen is None:
        return "本机构没有其他客户经理，请由上级机构指定"
    return f"{chosen.name}（现有客户 {chosen.load} 位）"


def late_replies() -> Iterator[Cause]:
    """A customer whose last word nobody answered: one alert a conversation and day."""
    now = timezone.now()
    limit = now - datetime.timedelta(hours=number("BEHAVIOUR_REPLY_HOURS"))
    rows = ArchivedMessage.objects.filter(
        sent_at__gte=limit - _LATE_BACK, room_id="", action="send", user__isnull=False
    )
    last = rows.select_related("user__branch", "customer").order_by("conversation", "-sent_at")
    for message in last.distinct("conversation"):
        if not message.from_staff and message.sent_at <= limit and message.user:
            yield _late(message, message.user)


def _late(message: ArchivedMessage, user: User) -> Cause:
    return Cause(
        user=user,
        customer_id=message.customer_id,
        severity=1,
        category="late_reply",
        rule_id="behaviour.late_reply",
        subject=Behaviour,
        title=f"客户消息超过 {number('BEHAVIOUR_REPLY_HOURS')} 小时没有回复",
        facts=[["客户来信", f"{timezone.localtime(message.sent_at):%Y-%m-%d %H:%M}"]],
        condition=f"late:{message.pk}",
    )


def complaints() -> Iterator[Cause]:
    """Customers who complain: never sampled, always looked at, with the clock of a complaint.

    What counts as a complaint stands in the lexicon; without one the mark stays where it is.
    """
    words = complaint_words()
    for message in new_messages("complaint", from_staff=False):
        word = next((word for word in words if word in message.text), "")
        if word and message.user:
            yield _complaint(message, message.user, word)


def _complaint(message: ArchivedMessage, user: User, word: str) -> Cause:
    day = timezone.localtime(message.sent_at).date()
    return Cause(
        user=user,
        customer_id=message.customer_id,
        severity=2,
        category="complaint",
        message=message,
        rule_id="behaviour.complaint",
        subject=Behaviour,
        title="客户表示投诉",
        facts=[["提到", word], ["时限", "确认后立案，15 日内答复，复杂的可延长到 60 日"]],
        condition=f"complaint:{message.conversation}:{day:%Y%m%d}"[:120],
    )
