"""The fifth set, the daily sentences, and what the sandbox and the demo bank really send."""

from __future__ import annotations

import re

import pytest

from campaigns import demo
from channels.sandbox.people import sentences
from compliance.rules.evaluate import flag_rows, summary
from tests.compliance.rules.samples import FIXTURES, sections

NAME = "郑欣"
BENIGN = [
    text.format(rm=NAME, name=NAME)
    for text in (
        *sentences.CUSTOMER_REPLIES,
        *sentences.CUSTOMER_OPENERS,
        *sentences.MEMBER_ANSWERS,
    )
]
SLOTS = {"经理姓名": NAME, "机构名称": "江城解放大道支行", "链接": "https://bank.example/m/8888"}
CONTENTS = [
    re.sub(r"\{(.+?)\}", lambda slot: SLOTS[slot[1]], body)
    for body in [entry[1] for entry in demo._CONTENTS] + [entry[2] for entry in demo._SCRIPTS]
]


def flagged(engine, text: str) -> bool:
    return (engine.scan(text).severity or 0) >= 1


@pytest.mark.parametrize("text", BENIGN + CONTENTS)
def test_what_is_really_sent_passes(engine, text):
    assert not flagged(engine, text)


@pytest.mark.parametrize("text", sentences.MEMBER_RISKY)
def test_risky_sandbox_sentences_are_found(engine, text):
    assert flagged(engine, text)


def test_daily_sentences_pass(engine):
    assert not [text for _, text in sections("daily.txt") if flagged(engine, text)]


def test_fifth_set_keeps_its_figures(engine):
    lines = (FIXTURES / "fresh.txt").read_text(encoding="utf-8").splitlines()
    keys = ("label", "category", "variant", "text")
    rows = [dict(zip(keys, line.split("\t"), strict=True)) for line in lines if line[0] != "#"]
    figures = summary(flag_rows(engine, rows))
    assert figures["recall"] >= 0.98 and figures["fp_clean"] <= 0.025


@pytest.mark.parametrize(
    ("text", "risky"),
    [
        ("七日年化1.42%，这是过去的数，以后不一定", False),
        ("近一年收益0.87%，最大回撤0.62%", False),
        ("年化12.5个点，稳得很", True),
        ("这个年化18%，放心买", True),
        ("我妈的存折磁条坏了，刷不出来", False),
        ("孩子他妈记，我不记", False),
        ("他妈的爱办不办", True),
        ("我姨借我的钱不要利息", False),
        ("能借我两万吗，下月还", True),
        ("没钱买车借我点钱", True),
        ("祝你全家平安，今天不还钱试试", True),
        ("给您全家拜年了，最后一天还能赶上庙会", False),
        ("少交了一张复印件，下午补上", False),
        ("亏了多少我给您补上", True),
        ("这批客户名单发给贷款公司", True),
        ("这批补贴名单发到哪了", False),
        ("零钱包给我拿两包硬币", False),
        ("钱给我，我替您存", True),
        ("周五我进货去了，单子给我弟就行", False),
    ],
)
def test_near_misses_of_rules(engine, text, risky):
    """Decimals are no yields, mothers no oaths, a loan among sisters none from a customer; good wishes
    and a car in the sentence excuse nothing."""
    assert flagged(engine, text) == risky
