"""Wrong characters of the right sound, typed syllables, and ordinary text that stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.lexicon import Engine, LexiconData, Term, decode, starter_lexicon
from compliance.lexicon.chars import CharTable
from compliance.lexicon.layers import canonical_layer

TABLE = CharTable(frozenset())


def meant(text: str) -> str:
    return decode.apply(canonical_layer(text, TABLE)).text


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("这个里财肯定保笨，利西照负", "利息"),
        ("验正马发我，我邦您登路", "验证码"),
        ("把您的yinhang卡号发我", "银行卡号"),
        ("回扣打到我wei信", "微信"),
    ],
)
def test_what_was_meant_is_read(written, said):
    assert said in meant(written)


@pytest.mark.parametrize(
    "text",
    ["您的存单下周三到期，方便来网点吗", "郑欣您好，风险等级为R2，一万元起购", "好的，谢谢", ""],
)
def test_ordinary_text_stays_as_it_is(text):
    assert meant(text) == canonical_layer(text, TABLE).text


def test_disguised_sentences_are_flagged(engine):
    for text in (
        "本金垦定给您葆住，利西月月到",
        "全网为一能做到这个守益的里财",
        "回寇照老规举，给现今",
    ):
        found = engine.scan(text)
        assert (found.severity or 0) >= 1
        assert all(text[f.start : f.end] == f.excerpt for f in found.findings)


@given(st.text(alphabet="垦定给您葆住利西baoben 保本，。😀\u200b", max_size=60))
def test_every_edit_lies_in_the_text(engine, text):
    result = engine.scan(text)
    assert all(text[f.start : f.end] == f.excerpt for f in result.findings)


def test_a_listed_word_is_not_taken_for_wrong_characters_and_hides_none_beside_it():
    own = Term("挤峭阜芜", "misleading_promotion", 1)
    engine = Engine.build(LexiconData("own", (*starter_lexicon().terms, own)))
    alone = engine.scan("挤峭阜芜的资料我整理好了")
    assert [(f.excerpt, f.channel) for f in alone.findings] == [("挤峭阜芜", "exact")]
    beside = engine.scan("挤峭阜芜的里财肯定保笨，利西照负")
    assert (beside.severity or 0) > 1
    assert {f.channel for f in beside.findings} > {"exact"}
