"""Many messages scanned together get what each gets alone, whoever stands beside it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.lexicon import Engine, LexiconData, ScanContext, ScanFailed, Term, starter_lexicon
from compliance.rules.examples import BAD, CLEAN, sentences
from tests.compliance.rules.ordinary_messages import messages

STRANGE = [
    "",
    "。",
    "。。。",
    "？",
    "\ud800",
    "🐧\ud800保*本",
    "𠮷野家 保 本",
    "x" * 300,
    "保本" * 400,
]
# Pieces that mean something only together: they must not meet across messages.
PIECES = [
    "保",
    "本",
    "息",
    "验证",
    "码",
    "发",
    "我",
    "飞",
    "单",
    "加",
    "私人",
    "微信",
    "。",
    "！",
    "，",
    "🐎",
    "亻",
    "呆",
    "vx",
    "bao",
    "ben",
    "12",
    "3456",
    "不",
    "要",
    "您",
    "𠮷",
]


def _mixed(count: int) -> list[str]:
    rng = random.Random(11)
    found = [*messages(count, seed=3), *STRANGE]
    for name in (BAD, CLEAN):
        found += rng.sample([text for _, text in sentences(name)], count // 2)
    rng.shuffle(found)
    return found


def test_a_batch_says_what_single_scans_say(engine: Engine) -> None:
    texts = _mixed(400)
    together = engine.scan_many(texts)
    assert together == [engine.scan(text) for text in texts]
    assert 150 < sum(result.findings != () for result in together) < 300


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), max_size=90))
def test_neighbours_in_a_batch_do_not_matter(texts: list[str]) -> None:
    engine = _small()
    assert engine.scan_many(texts) == [engine.scan(text) for text in texts]


_BUILT: list[Engine] = []


def _small() -> Engine:
    """Hypothesis takes no fixture of a narrower scope; one engine serves all its cases."""
    if not _BUILT:
        extra = (Term("𠮷野家", "off_book_sale", 3), Term("码发", "credential", 2))
        _BUILT.append(Engine.build(LexiconData("v", starter_lexicon().terms + extra)))
    return _BUILT[0]


def test_each_message_has_its_own_context(engine: Engine) -> None:
    text = "最后两个名额，赶紧打款"
    contexts = [ScanContext(), ScanContext(recipient_age=70), ScanContext(speaker="customer")]
    assert [r.severity for r in engine.scan_many([text] * 3, contexts)] == [
        engine.scan(text, context).severity for context in contexts
    ]


@pytest.mark.parametrize("bad", [None, 3, b"x", ["x"]])
def test_a_failure_stays_with_its_message(engine: Engine, bad: object) -> None:
    found = engine.scan_many(["您好", bad, "验证码发我"])  # type: ignore[list-item]
    assert isinstance(found[1], ScanFailed)
    assert found[0] == engine.scan("您好")
    assert found[2] == engine.scan("验证码发我")


def test_a_batch_that_breaks_down_is_no_clean_batch(engine, monkeypatch) -> None:
    def broken(*_args: object) -> None:
        raise RuntimeError("detector down")

    monkeypatch.setattr(engine.sweep, "over", broken)
    assert all(isinstance(result, ScanFailed) for result in engine.scan_many(["您好"] * 70))
