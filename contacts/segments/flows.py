"""Conditions on sums and counts in a window: transactions and behaviour.

A group by customer finds those who did; "fewer than" is everyone else, so that customers who did
nothing at all are counted as zero on both sides.
"""

from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from contacts.models import CustomerEvent, Transaction
from contacts.segments.base import Evaluated, Facts, Leaf, Moment, compare, exact
from contacts.segments.relations import PRODUCT_KINDS
from scrm.core.conditions import COMPARE, Attribute, Param

_OPPOSITE = {">=": "lt", "<=": "gt", ">": "lte", "<": "gte"}
_LOOKUPS = {">=": "gte", "<=": "lte", ">": "gt", "<": "lt", "=": "exact", "between": "range"}
_TRANSACTION_PARAMS = (
    Param("days", "最近天数", "days", required=True),
    Param("kind", "交易类型", "choice", tuple(Transaction.Kind.choices)),
    Param("product_kind", "产品类型", "choice", PRODUCT_KINDS),
    Param(
        "category",
        "消费场景",
        "choice",
        tuple((name, name) for name in (
            "餐饮", "超市", "交通", "教育", "医疗", "旅游", "装修", "数码", "服饰", "生活缴费",
        )),
    ),
)  # fmt: skip
_EVENT_PARAMS = (
    Param("days", "最近天数", "days", required=True),
    Param("kind", "行为", "choice", tuple(CustomerEvent.KINDS.items()), required=True),
)


def _members(rows: Any, total: Any, op: str, value: Any) -> Q:
    grouped = (
        rows.filter(customer__isnull=False).order_by().values("customer_id").annotate(total=total)
    )
    zero = compare(op, 0, value)
    if not zero:
        return Q(pk__in=grouped.filter(**{f"total__{_LOOKUPS[op]}": value}).values("customer_id"))
    return ~Q(pk__in=_failing(grouped, op, value).values("customer_id"))


def _failing(grouped: Any, op: str, value: Any) -> Any:
    """Customers with rows whose total does not satisfy the comparison."""
    if op in _OPPOSITE:
        return grouped.filter(**{f"total__{_OPPOSITE[op]}": value})
    return grouped.exclude(**{f"total__{_LOOKUPS[op]}": value})


def _transactions(leaf: Leaf, moment: Moment) -> Any:
    rows = Transaction.objects.filter(
        occurred_at__gte=moment.ago(leaf["days"]), occurred_at__lte=moment.now
    )
    if "kind" in leaf:
        rows = rows.filter(kind=leaf["kind"])
    if "product_kind" in leaf:
        rows = rows.filter(product__kind=leaf["product_kind"])
    if "category" in leaf:
        rows = rows.filter(category=leaf["category"])
    return rows


def _flows(leaf: Leaf, facts: Facts, moment: Moment) -> list[Decimal]:
    return [
        flow.amount
        for flow in facts.flows
        if moment.ago(leaf["days"]) <= flow.at <= moment.now
        and leaf.get("kind", flow.kind) == flow.kind
        and leaf.get("product_kind", flow.product_kind) == flow.product_kind
        and leaf.get("category", flow.category) == flow.category
    ]


TRANSACTION_SUM = Evaluated(
    Attribute(
        "transaction_sum", "交易金额合计", dict.fromkeys(COMPARE, "number"),
        params=_TRANSACTION_PARAMS, unit="元", group="交易",
        words={"": "近 {days} 天{category}{product_kind}{kind}交易金额合计{op} {value}"},
    ),
    lambda leaf, moment: _members(
        _transactions(leaf, moment), Sum("amount"), leaf["op"], exact(leaf["value"])
    ),
    lambda leaf, facts, moment: compare(
        leaf["op"], sum(_flows(leaf, facts, moment), Decimal(0)), exact(leaf["value"])
    ),
)  # fmt: skip
TRANSACTION_COUNT = Evaluated(
    Attribute(
        "transaction_count", "交易笔数", dict.fromkeys(COMPARE, "count"),
        params=_TRANSACTION_PARAMS, unit="笔", group="交易",
        words={"": "近 {days} 天{category}{product_kind}{kind}交易{op} {value}"},
    ),
    lambda leaf, moment: _members(
        _transactions(leaf, moment), Count("id"), leaf["op"], leaf["value"]
    ),
    lambda leaf, facts, moment: compare(
        leaf["op"], len(_flows(leaf, facts, moment)), leaf["value"]
    ),
)  # fmt: skip


def _events_q(leaf: Leaf, moment: Moment) -> Q:
    rows = CustomerEvent.objects.filter(
        kind=leaf["kind"], occurred_at__gte=moment.ago(leaf["days"]), occurred_at__lte=moment.now
    )
    return _members(rows, Count("id"), leaf["op"], leaf["value"])


def _events_hold(leaf: Leaf, facts: Facts, moment: Moment) -> bool:
    count = sum(
        kind == leaf["kind"] and moment.ago(leaf["days"]) <= at <= moment.now
        for kind, at in facts.events
    )
    return compare(leaf["op"], count, leaf["value"])


EVENTS = Evaluated(
    Attribute(
        "events", "客户行为", dict.fromkeys(COMPARE, "count"), params=_EVENT_PARAMS, unit="次",
        group="行为",
        words={"": "近 {days} 天{kind}{op} {value}"},
    ),
    _events_q,
    _events_hold,
)  # fmt: skip
