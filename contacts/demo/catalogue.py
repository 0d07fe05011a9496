"""What the demo bank sells, how it tags, and the segments it starts with."""

import datetime

from contacts.models import Product, Segment, Tag, TagGroup
from scrm.accounts.models import User

# code, name, kind, issuer grade, seller grade, benchmark
_PRODUCTS = (
    ("D001", "整存整取三个月", "deposit", 1, 1, "1.15%"),
    ("D002", "整存整取六个月", "deposit", 1, 1, "1.35%"),
    ("D003", "整存整取一年", "deposit", 1, 1, "1.45%"),
    ("D004", "整存整取三年", "deposit", 1, 1, "1.95%"),
    ("D005", "大额存单一年期", "deposit", 1, 1, "1.65%"),
    ("D006", "大额存单三年期", "deposit", 1, 1, "2.15%"),
    ("D007", "通知存款七天", "deposit", 1, 1, "0.80%"),
    ("W001", "安盈日日添利", "wealth", 1, 1, "1.60%–1.90%"),
    ("W002", "安盈最短持有 7 天", "wealth", 1, 2, "1.80%–2.20%"),
    ("W003", "稳享固收 90 天", "wealth", 2, 2, "2.30%–2.70%"),
    ("W004", "稳享固收 180 天", "wealth", 2, 2, "2.50%–2.90%"),
    ("W005", "稳享固收增强一年", "wealth", 2, 3, "2.80%–3.40%"),
    ("W006", "恒盛固收+ 一年定开", "wealth", 3, 3, "3.00%–4.00%"),
    ("W007", "恒盛固收+ 两年封闭", "wealth", 3, 3, "3.20%–4.20%"),
    ("W008", "远航混合优选", "wealth", 3, 4, "3.50%–5.50%"),
    ("W009", "远航权益精选", "wealth", 4, 4, "4.00%–7.00%"),
    ("F001", "华信货币 A", "fund", 1, 1, ""),
    ("F002", "华信短债 C", "fund", 2, 2, ""),
    ("F003", "华信双季增利债券", "fund", 2, 2, ""),
    ("F004", "华信稳健配置混合", "fund", 3, 3, ""),
    ("F005", "华信沪深 300 指数", "fund", 4, 4, ""),
    ("F006", "华信医药健康股票", "fund", 4, 4, ""),
    ("F007", "华信科技创新股票", "fund", 4, 5, ""),
    ("F008", "华信黄金 ETF 联接", "fund", 4, 4, ""),
    ("I001", "安心增额终身寿", "insurance", 2, 2, ""),
    ("I002", "颐享养老年金", "insurance", 2, 2, ""),
    ("I003", "守护重疾保障", "insurance", 1, 1, ""),
    ("I004", "少儿教育金", "insurance", 2, 2, ""),
    ("I005", "进取投连账户", "insurance", 4, 5, ""),
    ("L001", "个人住房贷款", "loan", 1, 1, ""),
    ("L002", "家装分期", "loan", 1, 1, ""),
)
_TAGS = {
    "投资偏好": ("固收+", "权益", "存款", "黄金", "养老"),
    "家庭生活": ("有房贷", "装修中", "子女教育", "银发族", "新婚"),
    "服务偏好": ("重点维护", "偏好微信", "偏好电话", "勿在上午联系"),
    "来源渠道": ("网点", "老带新", "线上活动", "公众号", "代发工资"),
}
_MATURING = {
    "all": [
        {"attr": "maturity", "op": "within", "value": 30},
        {"attr": "contact_gap", "op": ">=", "value": 14},
    ]
}
_RICH = {
    "all": [
        {"attr": "tier", "op": ">=", "value": "platinum"},
        {"attr": "risk_level", "op": ">=", "value": 3},
    ]
}
_DORMANT = {
    "all": [
        {"attr": "stage", "op": "in", "value": ["dormant", "churning"]},
        {"attr": "aum", "op": ">=", "value": 50000},
        {"attr": "transaction_count", "days": 90, "op": "=", "value": 0},
    ]
}
_RENOVATING = {
    "any": [
        {
            "attr": "transaction_count",
            "kind": "payment",
            "category": "装修",
            "days": 90,
            "op": ">=",
            "value": 1,
        },
        {"attr": "events", "kind": "page_view", "days": 30, "op": ">=", "value": 2},
    ]
}
_SEGMENTS = (
    ("30 天内到期且近 14 天未联系", "到期承接：先联系还没联系过的人", _MATURING, "admin"),
    ("白金以上且风险承受 C3 以上", "固收+ 与混合类产品的合适人群", _RICH, "admin"),
    ("有资产的沉睡客户", "AUM 五万以上，三个月没有交易", _DORMANT, "hq"),
    ("近期装修消费或频繁浏览", "家装分期与消费贷的意向人群", _RENOVATING, "hq"),
)


def create_products(today: datetime.date) -> list[Product]:
    on_sale = today - datetime.timedelta(days=500)
    rows = [
        Product(
            code=code, name=name, kind=kind, issuer_grade=issuer, seller_grade=seller,
            benchmark=benchmark, sale_from=on_sale,
        )
        for code, name, kind, issuer, seller, benchmark in _PRODUCTS
    ]  # fmt: skip
    return Product.objects.bulk_create(rows)


def create_tags() -> dict[str, int]:
    """Tag name → id."""
    ids: dict[str, int] = {}
    for group_name, names in _TAGS.items():
        group = TagGroup.objects.create(name=group_name)
        tags = Tag.objects.bulk_create([Tag(group=group, name=name) for name in names])
        ids.update({tag.name: tag.pk for tag in tags})
    return ids


def create_segments(people: dict[str, User]) -> None:
    for name, description, rule, username in _SEGMENTS:
        owner = people[username]
        Segment.objects.create(
            name=name, description=description, rule=rule, owner=owner, branch=owner.branch
        )
