"""Validation, policy, determinism and fail-closed behaviour."""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import replace

import pytest

from compliance.lexicon import (
    CATEGORIES,
    ENGINE_VERSION,
    Engine,
    LexiconData,
    LexiconInvalid,
    ScanContext,
    ScanFailed,
    Term,
    parse_aliases,
    parse_csv,
    starter_lexicon,
)
from compliance.lexicon.versions import described

GOOD = Term("飞单", "off_book_sale", 4)


def test_starter_lexicon_is_valid_and_covers_most_categories():
    data = starter_lexicon()
    assert {t.category for t in data.terms if t.kind == "risk"} <= set(CATEGORIES)
    assert Engine.build(data).scan("飞单").severity == 4


@pytest.mark.parametrize(
    ("term", "reason"),
    [
        (Term("", "aml", 2), "词为空"),
        (Term("***", "aml", 2), "不含文字"),
        (Term("洗钱", "nothing", 2), "类别未知"),
        (Term("洗钱", "aml", 9), "级别"),
        (Term("洗钱", "aml", 2, "other"), "类型未知"),
        (Term("🐧", "", 0, "alias"), "别名缺少目标"),
        (Term("词" * 41, "aml", 2), "超过"),
        (Term("洗\ud800", "aml", 2), "非法字符"),
        (Term("滚", "abuse", 2), "只有一个字"),
    ],
)
def test_bad_rows_are_named(term, reason):
    with pytest.raises(LexiconInvalid) as caught:
        Engine.build(LexiconData("v", (GOOD, term)))
    assert len(caught.value.rows) == 1
    assert caught.value.rows[0].startswith("第2条") and reason in caught.value.rows[0]


def test_empty_lexicon_and_missing_version_are_refused():
    for data in (LexiconData("v", ()), LexiconData("", (GOOD,))):
        with pytest.raises(LexiconInvalid):
            Engine.build(data)


def test_csv_names_every_bad_line():
    text = (
        "text,category,severity\n飞单,off_book_sale,4\n,aml,2\n洗钱,aml,x\n飞单,off_book_sale,4\n"
    )
    terms, errors = parse_csv(text)
    assert [t.text for t in terms] == ["飞单"]
    assert [e.split("：")[0] for e in errors] == ["第3行", "第4行", "第5行"]


def test_digest_ignores_order_but_not_content():
    other = Term("跑分", "aml", 4)
    one, two = LexiconData("a", (GOOD, other)), LexiconData("b", (other, GOOD))
    assert one.digest == two.digest != LexiconData("a", (GOOD,)).digest


def test_user_terms_benign_and_alias():
    terms = (
        GOOD,
        Term("特供额度", "misleading_promotion", 1),
        Term("特供额度管理办法", "", 0, "benign"),
        Term("🦊", "", 0, "alias", target="飞单"),
    )
    engine = Engine.build(LexiconData("v", terms))
    assert engine.scan("特供额度来了").action == "remind"
    assert engine.scan("请学习特供额度管理办法").clean
    assert engine.scan("有🦊项目").severity == 4


@pytest.mark.parametrize("bad", [None, 3, b"x", ["x"]])
def test_not_a_text_fails_closed(engine, bad):
    with pytest.raises(ScanFailed):
        engine.scan(bad)


def test_any_inner_error_becomes_scan_failed(engine, monkeypatch):
    def broken(*_args: object) -> None:
        raise RuntimeError("detector down")

    monkeypatch.setattr(engine.sweep, "over", broken)
    with pytest.raises(ScanFailed) as caught:
        engine.scan("您好")
    assert "detector down" not in str(caught.value)


def test_recipient_and_repetition_raise_severity(engine):
    text = "最后两个名额，赶紧打款"
    plain = engine.scan(text).severity
    assert plain == 3
    assert engine.scan(text, ScanContext(recipient_age=70)).severity == 4
    assert engine.scan(text, ScanContext(recipient_risk_level="C1")).severity == 4
    assert engine.scan(text, ScanContext(repeat_count=3)).severity == 4
    assert engine.scan(text, ScanContext(speaker="customer")).action == "observe"


def test_same_versions_give_the_same_bytes():
    texts = ["飞单，加我私人微信，私下返您两千", "🐧\ud800保*本", "您好"]
    runs = []
    for _ in range(2):
        engine = Engine.build(starter_lexicon())
        runs.append([json.dumps(engine.scan(t).to_json()).encode() for t in texts])
    assert runs[0] == runs[1]


def test_aliases_of_a_version_are_read_in_their_canonical_form() -> None:
    rows = "❤️🦊,表情符号,飞单\nＦＤ号,字母缩写,飞单\n，,emoji,\n的,slang,飞单\nxx,怪,飞单\n少一列,emoji\n"
    terms, errors = parse_aliases(rows)
    assert [(t.text, t.category, t.target) for t in terms] == [
        ("❤️🦊", "emoji", "飞单"),
        ("ＦＤ号", "abbreviation", "飞单"),
    ]
    assert [error.split("：")[0] for error in errors] == ["第3行", "第4行", "第5行", "第6行"]
    engine = Engine.build(LexiconData("v", (GOOD, *terms)))
    for text in ("有❤🦊项目", "有❤️🦊🏻项目", "有fd号项目"):
        assert engine.scan(text).severity == 4, text
    assert engine.scan("有❤项目，祝您开心").clean


def test_only_the_aliases_of_the_version_count() -> None:
    text = "加我💚"
    assert not Engine.build(starter_lexicon()).scan(text).clean
    kept = tuple(t for t in starter_lexicon().terms if t.text != "💚")
    assert Engine.build(LexiconData("v", kept)).scan(text).clean


def test_a_term_counts_from_its_first_to_its_last_day() -> None:
    term = Term("特供额度", "misleading_promotion", 1, since="2026-03-01", until="2026-03-31")
    data = LexiconData("v", (GOOD, term))
    found = {
        day: not Engine.build(data.on(datetime.date(2026, *day))).scan("特供额度来了").clean
        for day in ((2, 28), (3, 1), (3, 31), (4, 1))
    }
    assert found == {(2, 28): False, (3, 1): True, (3, 31): True, (4, 1): False}
    undated = replace(data, terms=(GOOD, replace(term, since="", until="")))
    assert undated.on(datetime.date(1999, 1, 1)) is undated
    assert undated.digest != data.digest


def test_the_engine_version_names_its_parts() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\+e\w{8}\.r\w{8}\.n\w{8}", ENGINE_VERSION)
    release, _, rest = ENGINE_VERSION.partition("+")
    shown = described(ENGINE_VERSION)
    assert all(part[1:] in shown for part in rest.split("."))
    assert shown.startswith(f"引擎 {release}") and described("1.1.0") == "引擎 1.1.0"


def test_a_flood_of_small_findings_hides_no_grave_one():
    small = tuple(
        Term(f"小事{n:02d}号", "misleading_promotion", 1, rule_id=f"S{n}") for n in range(60)
    )
    grave = Term("大事一件", "off_book_sale", 4, rule_id="G")
    engine = Engine.build(LexiconData("v", (*small, grave)))
    result = engine.scan("，".join(term.text for term in small) + "，大事一件")
    assert result.severity == 4
    assert [f.start for f in result.findings] == sorted(f.start for f in result.findings)
