"""Rules that are not understood are refused with words that tell what to change."""

from typing import Any

import pytest

from contacts.segments import check, rule_sentence
from scrm.core.conditions import RuleError

pytestmark = pytest.mark.django_db
AUM = {"attr": "aum", "op": ">=", "value": 500000}


def nested(levels: int) -> dict[str, Any]:
    rule: dict[str, Any] = dict(AUM)
    for _ in range(levels - 1):
        rule = {"not": rule}
    return rule


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"attr": "shoe_size", "op": ">=", "value": 1}, "不认识的条件「shoe_size」"),
        ({"attr": ["aum"], "op": ">=", "value": 1}, "不认识的条件"),
        ({"attr": "aum", "op": "like", "value": 1}, "不能用「like」比较"),
        ({"attr": "aum", "op": [], "value": 1}, "不能用"),
        ({"attr": "aum", "op": ">=", "value": "many"}, "必须是数字"),
        ({"attr": "aum", "op": ">=", "value": True}, "必须是数字"),
        ({"attr": "aum", "op": ">=", "value": float("nan")}, "必须是数字"),
        ({"attr": "aum", "op": ">="}, "还没有填写值"),
        ({"attr": "aum", "op": ">=", "value": 1, "speed": 2}, "没有参数「speed」"),
        ({"attr": "aum", "op": "between", "value": [5, 1]}, "起点大于终点"),
        ({"attr": "age", "op": ">=", "value": 1.5}, "整数"),
        ({"attr": "tier", "op": "in", "value": []}, "至少要选一项"),
        ({"attr": "tier", "op": "in", "value": ["gold", "lead"]}, "没有选项「lead」"),
        ({"attr": "tier", "op": ">=", "value": {}}, "没有选项"),
        ({"attr": "tag", "op": "has", "value": [987654]}, "不存在的编号 987654"),
        ({"attr": "events", "op": ">=", "value": 1, "kind": "click"}, "缺少「最近天数」"),
        (
            {"attr": "events", "op": ">=", "value": 1, "kind": "dance", "days": 3},
            "没有选项「dance」",
        ),
        ({"attr": "maturity", "op": "within", "value": 0}, "天数"),
        ({"all": []}, "是空的"),
        ({"all": AUM}, "必须是列表"),
        ({"all": [AUM], "any": [AUM]}, "不认识的条件组"),
        ({"xor": [AUM]}, "不认识的条件组"),
        ({}, "不认识的条件组"),
        ([AUM], "必须是条件或条件组"),
        (None, "必须是条件或条件组"),
        (nested(11), "超过 10 层"),
        (nested(2000), "超过 10 层"),
        ({"any": [AUM] * 101}, "最多 100 个条件"),
    ],
)
def test_bad_rules_are_refused(rule: Any, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        check(rule)


def test_limits_themselves_are_allowed() -> None:
    check(nested(10))
    check({"any": [AUM] * 100})


def test_sentence_says_the_whole_rule() -> None:
    rule = {
        "all": [
            {"attr": "maturity", "op": "within", "value": 30, "kind": "wealth"},
            {"any": [{"attr": "tier", "op": ">=", "value": "platinum"}, AUM]},
            {"not": {"attr": "events", "kind": "click", "days": 7, "op": ">=", "value": 2}},
        ]
    }
    check(rule)
    assert rule_sentence(rule) == (
        "30 天内有理财产品到期，且（等级在白金以上，或管理资产不低于 50 万元），"
        "且不满足（近 7 天点击链接不低于 2 次）的客户"
    )


def test_minimum_amount_is_worded() -> None:
    rule = {"attr": "maturity", "op": "within", "value": 30, "min_amount": 50000}
    assert rule_sentence(rule) == "30 天内有 5 万元以上的产品到期的客户"
