"""One filter for the customer list, its API and what is counted from it."""

import datetime
from typing import Any

import django_filters as filters  # type: ignore[import-untyped]
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from contacts.models import Customer, Holding, Segment
from contacts.segments import Moment, rule_q
from scrm.core import crypto

_MATURING = ((7, "7 天内"), (30, "30 天内"), (90, "90 天内"))
ORDERS = (
    ("-aum", "资产从高到低"),
    ("aum", "资产从低到高"),
    ("last_contact_at", "最久未联系"),
    ("-last_contact_at", "最近联系"),
    ("number", "客户号"),
)


class CustomerFilter(filters.FilterSet):
    q = filters.CharFilter(method="search", label="姓名 / 客户号 / 手机号")
    tier = filters.MultipleChoiceFilter(choices=Customer.Tier.choices, label="等级")
    stage = filters.MultipleChoiceFilter(choices=Customer.Stage.choices, label="生命周期")
    maturing = filters.ChoiceFilter(choices=_MATURING, method="within", label="产品到期")
    segment = filters.NumberFilter(method="member", label="客群")
    sort = filters.ChoiceFilter(choices=ORDERS, method="order", label="排序")

    class Meta:
        model = Customer
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        found: QuerySet[Customer] = super().filter_queryset(queryset)
        # The key makes the order total: a row must not move between two pages.
        return found if found.query.order_by else found.order_by("-aum", "id")

    def search(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        """A whole phone number, the start of a customer number, or the start of a name."""
        words = value.strip()
        if len(crypto.phone_canonical(words)) == 11 and words[-1:].isdigit():
            return rows.filter(phone_index=crypto.phone_index(words))
        if words.isascii():
            return rows.filter(Q(number__startswith=words) | Q(name__startswith=words))
        return rows.filter(name__startswith=words)

    def within(self, rows: QuerySet[Customer], name: str, value: Any) -> QuerySet[Customer]:
        today = timezone.localdate()
        until = today + datetime.timedelta(days=int(value))
        holdings = Holding.objects.filter(
            customer=OuterRef("pk"), closed_on=None, matures_on__range=(today, until)
        )
        return rows.filter(Q(Exists(holdings)))

    def member(self, rows: QuerySet[Customer], name: str, value: Any) -> QuerySet[Customer]:
        segment = Segment.objects.visible_to(self.request.user).filter(pk=value).first()
        return rows.filter(rule_q(segment.rule, Moment.current())) if segment else rows.none()

    def order(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        return rows.order_by(value, "id")
