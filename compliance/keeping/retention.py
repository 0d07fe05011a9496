"""Until when a message must stay: the longest of the record classes that apply to it."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Max, Min
from django.utils import timezone

from compliance.models import Alert, ArchivedMessage, MessageScan
from contacts.models import Transaction

CHAT, SALES, AML, AUDIT = "chat", "sales", "aml", "audit"
CLASSES = {
    CHAT: "会话记录",
    AML: "反洗钱线索",
    SALES: "销售过程记录",
    AUDIT: "监督与处置依据",
}
WHY = {
    CHAT: "所有存档会话",
    AML: "扫描命中洗钱风险",
    SALES: "该客户在前后 30 天内有产品交易",
    AUDIT: "该消息产生过预警",
}
_SALE_WITHIN = datetime.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Decision:
    """rule: the class that decided; until: first day on which the message may go."""

    rule: str
    until: datetime.date
    classes: tuple[str, ...]

    @property
    def sentence(self) -> str:
        years = settings.RETENTION_YEARS[self.rule]
        return f"按「{CLASSES[self.rule]}」保存 {years} 年（{WHY[self.rule]}），至 {self.until}"


def decide(messages: Sequence[ArchivedMessage]) -> dict[int, Decision]:
    """By message id; a handful of queries for any number of messages."""
    ids = [message.pk for message in messages]
    alerted = set(Alert.objects.filter(message__in=ids).values_list("message_id", flat=True))
    laundering = _laundering(ids)
    sales = _Sales(messages)
    decisions = {}
    for message in messages:
        classes = [CHAT]
        classes += [AML] if message.pk in laundering else []
        classes += [SALES] if sales.near(message) else []
        classes += [AUDIT] if message.pk in alerted else []
        decisions[message.pk] = _longest(message, classes)
    return decisions


def _longest(message: ArchivedMessage, classes: list[str]) -> Decision:
    rule = max(classes, key=lambda name: settings.RETENTION_YEARS[name])
    sent = timezone.localdate(message.sent_at)
    return Decision(rule, _years_later(sent, settings.RETENTION_YEARS[rule]), tuple(classes))


def _years_later(day: datetime.date, years: int) -> datetime.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, month=3, day=1)


def _laundering(ids: list[int]) -> set[int]:
    found = MessageScan.objects.filter(message__in=ids, findings__contains=[{"category": "aml"}])
    return set(found.values_list("message_id", flat=True))


class _Sales:
    """Days on which the customers of these messages bought or sold a product."""

    def __init__(self, messages: Sequence[ArchivedMessage]) -> None:
        times = [message.sent_at for message in messages if message.customer_id]
        self.times: dict[int, list[datetime.datetime]] = {}
        if not times:
            return
        rows = Transaction.objects.filter(
            customer__in={message.customer_id for message in messages if message.customer_id},
            product__isnull=False,
            occurred_at__range=(min(times) - _SALE_WITHIN, max(times) + _SALE_WITHIN),
        )
        for customer, at in rows.values_list("customer_id", "occurred_at"):
            self.times.setdefault(customer, []).append(at)

    def near(self, message: ArchivedMessage) -> bool:
        found = self.times.get(message.customer_id or 0, ())
        return any(abs(message.sent_at - at) <= _SALE_WITHIN for at in found)


def shortest_years() -> int:
    return int(min(settings.RETENTION_YEARS.values()))


def span() -> tuple[datetime.datetime | None, datetime.datetime | None]:
    """First and last message of the archive."""
    ends = ArchivedMessage.objects.aggregate(first=Min("sent_at"), last=Max("sent_at"))
    return ends["first"], ends["last"]
