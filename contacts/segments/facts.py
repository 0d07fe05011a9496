"""Everything a rule may ask of one customer, loaded once."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Q

from contacts.models import (
    Consent,
    Customer,
    CustomerEvent,
    CustomerTag,
    Follow,
    Holding,
    Transaction,
)
from contacts.segments import codes


@dataclass(frozen=True, slots=True)
class HeldProduct:
    kind: str
    amount: Decimal
    matures_on: datetime.date | None


@dataclass(frozen=True, slots=True)
class Flow:
    kind: str
    category: str
    product_kind: str
    amount: Decimal
    at: datetime.datetime


@dataclass(slots=True)
class Facts:
    customer: Customer
    branch_path: str
    tags: set[tuple[int, datetime.datetime | None]] = field(default_factory=set)
    holdings: list[HeldProduct] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    events: list[tuple[str, datetime.datetime]] = field(default_factory=list)
    is_friend: bool = False
    # Live codes through which the customer came.
    codes: set[int] = field(default_factory=set)
    consents: set[tuple[str, str]] = field(default_factory=set)


def facts_of(customers: Iterable[Customer]) -> list[Facts]:
    """Facts of some customers in ten queries, however many they are (meant for hundreds)."""
    facts = {row.pk: Facts(row, row.branch.path) for row in customers}
    _load_tags(facts)
    _load_money(facts)
    _load_events(facts)
    _load_relations(facts)
    return list(facts.values())


def _load_tags(facts: dict[int, Facts]) -> None:
    rows = CustomerTag.objects.filter(customer_id__in=facts)
    for customer_id, tag_id, expires_at in rows.values_list("customer_id", "tag_id", "expires_at"):
        facts[customer_id].tags.add((tag_id, expires_at))


def _load_money(facts: dict[int, Facts]) -> None:
    for row in Holding.objects.filter(customer_id__in=facts, closed_on=None).select_related(
        "product"
    ):
        facts[row.customer_id].holdings.append(
            HeldProduct(row.product.kind, row.amount, row.matures_on)
        )
    for flow in Transaction.objects.filter(customer_id__in=facts).select_related("product"):
        product_kind = flow.product.kind if flow.product else ""
        facts[flow.customer_id].flows.append(
            Flow(flow.kind, flow.category, product_kind, flow.amount, flow.occurred_at)
        )


def _load_events(facts: dict[int, Facts]) -> None:
    rows = CustomerEvent.objects.filter(customer_id__in=facts)
    for customer_id, kind, at in rows.values_list("customer_id", "kind", "occurred_at"):
        facts[customer_id].events.append((kind, at))


def _load_relations(facts: dict[int, Facts]) -> None:
    friends = Follow.objects.filter(Q(state=Follow.State.ACTIVE), contact__customer_id__in=facts)
    for customer_id in friends.values_list("contact__customer_id", flat=True):
        facts[customer_id].is_friend = True
    _load_codes(facts)
    granted: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
    rows = Consent.objects.filter(
        customer_id__in=facts, superseded_at=None, state=Consent.State.GRANTED
    )
    for customer_id, purpose, channel in rows.values_list("customer_id", "purpose", "channel"):
        granted[customer_id].add((purpose, channel))
    for customer_id, consents in granted.items():
        facts[customer_id].consents = consents


def _load_codes(facts: dict[int, Facts]) -> None:
    """Ended friendships count as well: where somebody came from stays."""
    rows = Follow.objects.filter(contact__customer_id__in=facts).exclude(channel_state="")
    came = list(rows.values_list("contact__customer_id", "channel_state"))
    ids = codes.known().ids({state for _, state in came})
    for customer_id, state in came:
        if state in ids:
            facts[customer_id].codes.add(ids[state])
