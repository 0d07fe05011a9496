"""Conditions on tags, holdings, the WeCom relation and consent: does such a row exist?"""

import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from contacts.models import Consent, CustomerTag, Follow, Holding, Product
from contacts.segments import codes
from contacts.segments.base import Evaluated, Facts, Leaf, Moment, exact
from scrm.core.conditions import Attribute, Param

PRODUCT_KINDS = tuple((str(value), str(label)) for value, label in Product.Kind.choices)


def _exists(rows: Any, wanted: bool = True) -> Q:
    found = Q(Exists(rows.filter(customer=OuterRef("pk"))))
    return found if wanted else ~found


def _tag_q(leaf: Leaf, moment: Moment) -> Q:
    live = Q(expires_at__isnull=True) | Q(expires_at__gt=moment.now)
    return _exists(CustomerTag.objects.filter(live, tag_id__in=leaf["value"]), leaf["op"] == "has")


def _tag_holds(leaf: Leaf, facts: Facts, moment: Moment) -> bool:
    live = {tag for tag, expires_at in facts.tags if expires_at is None or expires_at > moment.now}
    return bool(live & set(leaf["value"])) == (leaf["op"] == "has")


TAG = Evaluated(
    Attribute(
        "tag", "标签", {"has": "ids", "has_not": "ids"}, lookup="tag", group="标签",
        words={"has": "有标签{value}", "has_not": "没有标签{value}"},
    ),
    _tag_q,
    _tag_holds,
)  # fmt: skip


def _maturity_q(leaf: Leaf, moment: Moment) -> Q:
    until = moment.today + datetime.timedelta(days=leaf["value"])
    rows = Holding.objects.filter(closed_on=None, matures_on__range=(moment.today, until))
    if "kind" in leaf:
        rows = rows.filter(product__kind=leaf["kind"])
    if "min_amount" in leaf:
        rows = rows.filter(amount__gte=exact(leaf["min_amount"]))
    return _exists(rows)


def _maturity_holds(leaf: Leaf, facts: Facts, moment: Moment) -> bool:
    until = moment.today + datetime.timedelta(days=leaf["value"])
    least = exact(leaf.get("min_amount", 0))
    return any(
        row.matures_on is not None
        and moment.today <= row.matures_on <= until
        and leaf.get("kind", row.kind) == row.kind
        and ("min_amount" not in leaf or row.amount >= least)
        for row in facts.holdings
    )


MATURITY = Evaluated(
    Attribute(
        "maturity",
        "产品到期",
        {"within": "days"},
        params=(
            Param("kind", "产品类型", "choice", PRODUCT_KINDS),
            Param("min_amount", "金额不低于", "number", words=" {} 元以上的"),
        ),
        unit="天",
        group="持仓",
        words={"": "{value}内有{min_amount}{kind}产品到期"},
    ),
    _maturity_q,
    _maturity_holds,
)


def _holding_q(leaf: Leaf, _: Moment) -> Q:
    rows = Holding.objects.filter(closed_on=None, product__kind__in=leaf["value"])
    return _exists(rows, leaf["op"] == "has")


def _holding_holds(leaf: Leaf, facts: Facts, _: Moment) -> bool:
    return any(row.kind in leaf["value"] for row in facts.holdings) == (leaf["op"] == "has")


HOLDING_KIND = Evaluated(
    Attribute(
        "holding_kind", "持有产品", {"has": "choices", "has_not": "choices"},
        options=PRODUCT_KINDS, group="持仓",
        words={"has": "持有{value}", "has_not": "未持有{value}"},
    ),
    _holding_q,
    _holding_holds,
)  # fmt: skip
HAS_HOLDING = Evaluated(
    Attribute(
        "has_holding",
        "有持仓",
        {"is": "flag"},
        group="持仓",
        words={"yes": "有持仓", "no": "没有任何持仓"},
    ),
    lambda leaf, _: _exists(Holding.objects.filter(closed_on=None), leaf["value"]),
    lambda leaf, facts, _: bool(facts.holdings) == leaf["value"],
)


def _friend_q(leaf: Leaf, _: Moment) -> Q:
    rows = Follow.objects.filter(state=Follow.State.ACTIVE, contact__customer=OuterRef("pk"))
    return Q(Exists(rows)) if leaf["value"] else ~Q(Exists(rows))


WECOM_FRIEND = Evaluated(
    Attribute(
        "wecom_friend", "企业微信好友", {"is": "flag"}, group="服务与触达",
        words={"yes": "已加企业微信好友", "no": "未加企业微信好友"},
    ),
    _friend_q,
    lambda leaf, facts, _: facts.is_friend == leaf["value"],
)  # fmt: skip


def _code_q(leaf: Leaf, _: Moment) -> Q:
    states = codes.known().states(leaf["value"])
    rows = Follow.objects.filter(contact__customer=OuterRef("pk"), channel_state__in=states)
    return Q(Exists(rows)) if leaf["op"] == "has" else ~Q(Exists(rows))


LIVE_CODE = Evaluated(
    Attribute(
        "live_code", "来自活码", {"has": "ids", "has_not": "ids"}, lookup="live_code",
        group="服务与触达", words={"has": "来自活码{value}", "has_not": "不是来自活码{value}"},
    ),
    _code_q,
    lambda leaf, facts, _: bool(facts.codes & set(leaf["value"])) == (leaf["op"] == "has"),
)  # fmt: skip


def _consent_q(leaf: Leaf, _: Moment) -> Q:
    rows = Consent.objects.filter(
        purpose=Consent.Purpose.MARKETING,
        channel=Consent.Channel.WECOM,
        state=Consent.State.GRANTED,
        superseded_at=None,
    )
    return _exists(rows, leaf["value"])


CONSENT = Evaluated(
    Attribute(
        "consent_marketing", "授权企业微信营销", {"is": "flag"}, group="服务与触达",
        words={"yes": "已授权企业微信营销", "no": "未授权企业微信营销"},
    ),
    _consent_q,
    lambda leaf, facts, _: (("marketing", "wecom") in facts.consents) == leaf["value"],
)  # fmt: skip
