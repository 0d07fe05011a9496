"""Changes that must not turn a hit into clean, nor clean into a hit."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from compliance.lexicon.chars import t2s_pairs
from tests.compliance.rules.samples import sections

HITS = [text for _, text in sections("violations.txt")][::4]
CLEAN = [text for _, text in sections("negatives.txt")][::4] + [
    text for _, text in sections("ordinary.txt")
]
S2T = {simple: old for old, simple in t2s_pairs().items()}


def zero_width(text: str) -> str:
    return "\u200b".join(text)


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def traditional(text: str) -> str:
    return "".join(S2T.get(c, c) for c in text)


def emoji(text: str) -> str:
    return text + "😊🌹"


def before(text: str) -> str:
    return "您好，今天天气不错。" + text


def after(text: str) -> str:
    return text + "。祝您周末愉快"


# What may change its verdict, each with its reason.
EXCEPTIONS: set[str] = set()
CHANGES = [zero_width, wide, traditional, emoji, before, after]


def flagged(engine, text: str) -> bool:
    return (engine.scan(text).severity or 0) >= 1


@pytest.mark.parametrize("change", CHANGES)
def test_hits_stay_hits(engine, change: Callable[[str], str]):
    lost = [t for t in HITS if flagged(engine, t) and not flagged(engine, change(t))]
    assert not lost


@pytest.mark.parametrize("change", CHANGES)
def test_clean_stays_clean(engine, change: Callable[[str], str]):
    gained = [t for t in CLEAN if not flagged(engine, t) and flagged(engine, change(t))]
    assert not gained


def test_ten_thousand_random_applications(engine):
    """Sentences, changes and their combinations drawn with a recorded seed."""
    rng = random.Random(20240607)
    known = {text: flagged(engine, text) for text in HITS + CLEAN}
    texts = sorted(known)
    broken = []
    for _ in range(10_000):
        text = rng.choice(texts)
        changed = text
        for change in rng.sample(CHANGES, rng.choice((1, 1, 2))):
            changed = change(changed)
        if flagged(engine, changed) != known[text]:
            broken.append((text, changed))
    assert {text for text, _ in broken} <= EXCEPTIONS
