"""Conditions on the customer's own row."""

import datetime
from typing import Any

from django.db.models import Q
from django.db.models.functions import ExtractDay, ExtractMonth
from django.db.models.lookups import In

from contacts.models import Customer
from contacts.segments.base import (
    Evaluated,
    Facts,
    Leaf,
    Moment,
    column_q,
    compare,
    exact,
    threshold_q,
)
from scrm.accounts.models import Branch
from scrm.core.conditions import COMPARE, Attribute

_TIERS = [str(tier) for tier in Customer.Tier.values]
_AMOUNTS = dict.fromkeys(COMPARE, "number")
_COUNTS = dict.fromkeys(COMPARE, "count")
_CHOICES = {"in": "choices", "not_in": "choices"}
_LIST_WORDS = {"in": "{label}是{value}", "not_in": "{label}不是{value}"}
_GROUP = "客户资料"


def _choice(column: str, label: str, options: Any, **extra: Any) -> Evaluated:
    def q(leaf: Leaf, _: Moment) -> Q:
        chosen = Q(**{f"{column}__in": leaf["value"]})
        return chosen if leaf["op"] == "in" else ~chosen

    def holds(leaf: Leaf, facts: Facts, _: Moment) -> bool:
        return (getattr(facts.customer, column) in leaf["value"]) == (leaf["op"] == "in")

    attribute = Attribute(
        column, label, _CHOICES, options=tuple(options), words=_LIST_WORDS, group=_GROUP, **extra
    )
    return Evaluated(attribute, q, holds)


def _tiers(leaf: Leaf) -> list[str]:
    """The tiers that an operator allows: they are ordered, so ">=" is a list."""
    op, value = leaf["op"], leaf["value"]
    if op in {"in", "not_in"}:
        return [tier for tier in _TIERS if (tier in value) == (op == "in")]
    at = _TIERS.index(value)
    return _TIERS[at:] if op == ">=" else _TIERS[: at + 1]


TIER = Evaluated(
    Attribute(
        "tier",
        "客户等级",
        {">=": "choice", "<=": "choice", **_CHOICES},
        options=tuple(Customer.Tier.choices),
        words={**_LIST_WORDS, ">=": "等级在{value}以上", "<=": "等级在{value}以下"},
        group=_GROUP,
    ),
    lambda leaf, _: Q(tier__in=_tiers(leaf)),
    lambda leaf, facts, _: facts.customer.tier in _tiers(leaf),
)
AUM = Evaluated(
    Attribute("aum", "管理资产", _AMOUNTS, unit="元", group=_GROUP),
    lambda leaf, _: column_q("aum", leaf["op"], exact(leaf["value"])),
    lambda leaf, facts, _: compare(leaf["op"], facts.customer.aum, exact(leaf["value"])),
)
GENDER = _choice("gender", "性别", (("F", "女"), ("M", "男")))
STAGE = _choice("stage", "生命周期", Customer.Stage.choices)


def _years_before(day: datetime.date, years: int) -> datetime.date:
    """29 February minus a year is 28 February: who was born on 1 March is not that old yet."""
    if day.year - years < 1:
        return datetime.date.min
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def age_on(birthday: datetime.date, today: datetime.date) -> int:
    return today.year - birthday.year - ((today.month, today.day) < (birthday.month, birthday.day))


def _age_q(leaf: Leaf, moment: Moment) -> Q:
    known = Q(birthday__isnull=False)
    return threshold_q(
        leaf["op"],
        leaf["value"],
        lambda years: known & Q(birthday__lte=_years_before(moment.today, years)),
        known,
    )


def _age_holds(leaf: Leaf, facts: Facts, moment: Moment) -> bool:
    birthday = facts.customer.birthday
    return birthday is not None and compare(
        leaf["op"], age_on(birthday, moment.today), leaf["value"]
    )


AGE = Evaluated(
    Attribute("age", "年龄", _COUNTS, unit="岁", group=_GROUP, maximum=150), _age_q, _age_holds
)


def _birthday_codes(today: datetime.date, days: int) -> list[int]:
    """Month × 100 + day of each day from today on; 29 February is celebrated on the 28th."""
    dates = [today + datetime.timedelta(days=step) for step in range(days + 1)]
    codes = {day.month * 100 + day.day for day in dates}
    return sorted(codes | {229} if 228 in codes else codes)


def _birthday_q(leaf: Leaf, moment: Moment) -> Q:
    codes = _birthday_codes(moment.today, leaf["value"])
    return Q(birthday__isnull=False) & Q(
        In(ExtractMonth("birthday") * 100 + ExtractDay("birthday"), codes)
    )


def _birthday_holds(leaf: Leaf, facts: Facts, moment: Moment) -> bool:
    born = facts.customer.birthday
    codes = _birthday_codes(moment.today, leaf["value"])
    return born is not None and born.month * 100 + born.day in codes


BIRTHDAY = Evaluated(
    Attribute(
        "birthday", "生日", {"within": "days"}, unit="天", group=_GROUP, maximum=180,
        words={"": "{value}内过生日"},
    ),
    _birthday_q,
    _birthday_holds,
)  # fmt: skip


def _risk_valid(today: datetime.date) -> Q:
    return Q(risk_expires_on__isnull=False) & Q(risk_expires_on__gte=today)


def _risk_q(leaf: Leaf, moment: Moment) -> Q:
    """A level that is missing or expired counts as 0."""
    valid = _risk_valid(moment.today)
    level = valid & column_q("risk_level", leaf["op"], leaf["value"])
    return level | ~valid if compare(leaf["op"], 0, leaf["value"]) else level


RISK_LEVEL = Evaluated(
    Attribute(
        "risk_level", "有效风险等级", dict.fromkeys((">=", "<=", "="), "count"),
        group=_GROUP, maximum=5,
        words={"": "有效风险等级{op} C{value}"},
    ),
    _risk_q,
    lambda leaf, facts, moment: compare(
        leaf["op"], facts.customer.valid_risk_level(moment.today), leaf["value"]
    ),
)  # fmt: skip


def _expired_q(leaf: Leaf, moment: Moment) -> Q:
    expired = Q(risk_level__gt=0) & ~_risk_valid(moment.today)
    return expired if leaf["value"] else ~expired


def _expired_holds(leaf: Leaf, facts: Facts, moment: Moment) -> bool:
    customer = facts.customer
    expired = customer.risk_level > 0 and customer.valid_risk_level(moment.today) == 0
    return expired == leaf["value"]


RISK_EXPIRED = Evaluated(
    Attribute(
        "risk_expired", "风险测评已过期", {"is": "flag"}, group=_GROUP,
        words={"yes": "风险测评已过期", "no": "风险测评未过期"},
    ),
    _expired_q,
    _expired_holds,
)  # fmt: skip


def _opened_q(leaf: Leaf, moment: Moment) -> Q:
    known = Q(opened_on__isnull=False)

    def at_least(days: int) -> Q:
        return known & Q(opened_on__lte=moment.today - datetime.timedelta(days=days))

    return threshold_q(leaf["op"], leaf["value"], at_least, known)


def _opened_holds(leaf: Leaf, facts: Facts, moment: Moment) -> bool:
    opened = facts.customer.opened_on
    return opened is not None and compare(leaf["op"], (moment.today - opened).days, leaf["value"])


OPENED_DAYS = Evaluated(
    Attribute("opened_days", "开户天数", _COUNTS, unit="天", group=_GROUP, maximum=36500),
    _opened_q,
    _opened_holds,
)


def _gap_q(leaf: Leaf, moment: Moment) -> Q:
    """Whole days since the last contact; never contacted is longer than any number."""
    never = Q(last_contact_at__isnull=True)

    def at_least(days: int) -> Q:
        return never | Q(last_contact_at__lte=moment.ago(days))

    return threshold_q(leaf["op"], leaf["value"], at_least, Q(pk__isnull=False))


def _gap_holds(leaf: Leaf, facts: Facts, moment: Moment) -> bool:
    last = facts.customer.last_contact_at
    gap = float("inf") if last is None else (moment.now - last) // datetime.timedelta(days=1)
    return compare(leaf["op"], gap, leaf["value"])


CONTACT_GAP = Evaluated(
    Attribute(
        "contact_gap", "距上次联系", _COUNTS, unit="天", group="服务与触达", maximum=3650,
        words={"": "距上次联系{op} {value}", ">=": "近 {value}未联系"},
    ),
    _gap_q,
    _gap_holds,
)  # fmt: skip


def _branch_q(leaf: Leaf, _: Moment) -> Q:
    """A branch means itself and all below it."""
    paths = list(Branch.objects.filter(pk__in=leaf["value"]).values_list("path", flat=True))
    below = Q(pk__in=[])
    for path in paths:
        below |= Q(path__startswith=path)
    chosen = Q(branch__in=Branch.objects.filter(below).values("pk")) if paths else Q(pk__in=[])
    return chosen if leaf["op"] == "in" else ~chosen


def _branch_holds(leaf: Leaf, facts: Facts, _: Moment) -> bool:
    above = {int(part) for part in facts.branch_path.strip("/").split("/")}
    return bool(above & set(leaf["value"])) == (leaf["op"] == "in")


BRANCH = Evaluated(
    Attribute(
        "branch",
        "机构",
        {"in": "ids", "not_in": "ids"},
        lookup="branch",
        words=_LIST_WORDS,
        group=_GROUP,
    ),
    _branch_q,
    _branch_holds,
)
OWNER = Evaluated(
    Attribute(
        "owner",
        "客户经理",
        {"in": "ids", "not_in": "ids"},
        lookup="owner",
        words=_LIST_WORDS,
        group=_GROUP,
    ),
    lambda leaf, _: (
        Q(owner_id__in=leaf["value"]) if leaf["op"] == "in" else ~Q(owner_id__in=leaf["value"])
    ),
    lambda leaf, facts, _: (facts.customer.owner_id in leaf["value"]) == (leaf["op"] == "in"),
)
