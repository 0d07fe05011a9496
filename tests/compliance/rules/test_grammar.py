from __future__ import annotations

import pytest

from compliance.lexicon import CATEGORIES
from compliance.rules.grammar import RuleSyntaxError, alternatives, compile_pattern, load_rules

CLASSES = {"me": frozenset({"我", "咱们"})}


def matches(pattern: str, text: str) -> bool:
    return bool(compile_pattern(pattern, CLASSES)[0].search(text))


def test_elements():
    assert matches("给|转 <me>", "请转咱们")
    assert matches("给 ~3 我", "给一下，我") and not matches("给 _3 我", "给一下，我")
    assert not matches("给 ~ 我", "给他。我")
    assert matches("转 +4 我", "转一下我") and not matches("转 +4 我", "转不到我")
    assert not matches("转 我 !行", "转我行") and not matches("-社 保本", "社保本")
    assert matches("返 ={SUM}", "返五百") and not matches("返 ={SUM}", "返五")
    assert matches("加 vx", "加vx") and not matches("加 vx", "加vxlan")


def test_cues_are_the_required_words():
    cues = compile_pattern("a|b ?c ~ <me>", CLASSES)[1]
    assert cues == (frozenset("ab"), frozenset({"我", "咱们"}))


@pytest.mark.parametrize("pattern", ["?a", "=a+", "~"])
def test_pattern_without_required_word_is_refused(pattern):
    with pytest.raises(RuleSyntaxError):
        compile_pattern(pattern, CLASSES)


def test_unknown_class_is_refused():
    with pytest.raises(RuleSyntaxError):
        alternatives("<nobody>", CLASSES)


def test_shipped_rules_cover_every_category_and_explain_themselves():
    rules = load_rules()
    assert {rule.category for rule in rules} == set(CATEGORIES)
    assert all(rule.why.endswith("。") for rule in rules)
