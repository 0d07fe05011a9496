"""The shared automaton and the spans, against brute force and against the original text."""

from __future__ import annotations

import random

import pytest
from daachorse import CharwiseDoubleArrayAhoCorasick as Automaton
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.lexicon import Engine, LexiconData, Term, starter_lexicon
from compliance.lexicon.layers import canonical_layer

CASES = 100_000
ENGINE = Engine.build(starter_lexicon())
PIECES = [
    "保本",
    "保*本",
    "微❤信",
    "\ud800",
    "👨‍👩‍👧",
    "验证码",
    "发我",
    "zhuan",
    "账",
    "，",
    "。",
    "\u200b",
    "ＶＸ",
    "宓山",
    "码",
    "️",
    "🧧",
    "9",
    ".",
    " ",
    "私下返",
    "两千",
    "𠮷",
    "①",
]


def brute(words: list[str], text: str) -> set[tuple[int, int, int]]:
    return {
        (i, i + len(w), n)
        for n, w in enumerate(words)
        for i in range(len(text) - len(w) + 1)
        if text.startswith(w, i)
    }


def differences(cases: int, seed: int) -> int:
    """Cases in which automaton and brute force disagree; ten texts for each set of words."""
    rng, wrong = random.Random(seed), 0
    for _ in range(cases // 10):
        words = list({"".join(rng.choices("甲乙丙", k=rng.randint(1, 4))) for _ in range(6)})
        automaton = Automaton(words)
        for _ in range(10):
            text = "".join(rng.choices("甲乙丙", k=rng.randint(0, 14)))
            wrong += set(automaton.find_overlapping(text)) != brute(words, text)
    return wrong


def test_automaton_equals_brute_force():
    assert differences(CASES, seed=20240607) == 0


@pytest.mark.chaos
def test_automaton_equals_brute_force_a_million_times():
    assert differences(1_000_000, seed=7) == 0


def random_engine(rng: random.Random) -> tuple[Engine, list[str]]:
    words = {"".join(rng.choices("龘靐齉", k=rng.randint(4, 6))) for _ in range(5)}
    terms = tuple(Term(w, "aml", 2, rule_id=f"R{i}") for i, w in enumerate(sorted(words)))
    return Engine.build(LexiconData("t", terms)), sorted(words)


def engine_differences(engines: int, texts: int, seed: int) -> int:
    """Texts in which the whole engine does not report exactly the words that stand there."""
    rng, wrong = random.Random(seed), 0
    for _ in range(engines):
        engine, words = random_engine(rng)
        for _ in range(texts):
            text = "".join(rng.choices("龘靐齉", k=rng.randint(0, 16)))
            got = {f.rule_id for f in engine.scan(text).findings}
            wrong += got != {f"R{i}" for i, w in enumerate(words) if w in text}
    return wrong


def test_engine_finds_exactly_the_words_that_are_there():
    assert engine_differences(5, 200, seed=7) == 0


@pytest.mark.chaos
def test_engine_finds_exactly_the_words_a_hundred_thousand_times():
    assert engine_differences(40, 2_500, seed=8) == 0


def assert_exact_spans(text: str) -> None:
    for f in ENGINE.scan(text).findings:
        assert 0 <= f.start < f.end <= len(text)
        assert text[f.start : f.end] == f.excerpt


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_spans_are_exact_slices(text):
    assert_exact_spans(text)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=60))
def test_any_text_is_scanned_without_error(text):
    assert_exact_spans(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_fast_and_slow_canonical_text_agree(text):
    plain = ENGINE.squeezer.fast(text.translate(ENGINE.table))
    layer = ENGINE.squeezer.slow(canonical_layer(text, ENGINE.table))
    assert layer.text == plain and len(layer.starts) == len(plain) == len(layer.ends)


@pytest.mark.parametrize("text", ["", " ", "\ud800", "\x00", "保本" * 12_000, "，" * 25_000])
def test_extremes(text):
    assert_exact_spans(text)


def test_ten_thousand_random_texts_have_exact_spans():
    rng = random.Random(11)
    for _ in range(10_000):
        assert_exact_spans("".join(rng.choices(PIECES, k=rng.randint(1, 10))))


def test_a_word_of_two_messages_is_whole_when_they_are_joined():
    assert ENGINE.scan("加我私人" + "微信聊").severity is not None
