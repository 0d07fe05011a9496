"""Word boundaries around a hit only: a hit is rare, so the cost does not matter."""

from __future__ import annotations

import math
from functools import cache

from compliance.lexicon.source import DATA

_WINDOW = 5
_TOTAL = math.log(6e7)
_STEP = math.log(10) / 2
_UNKNOWN_COST = _TOTAL - _STEP * 3
_TERM_COST = _TOTAL - _STEP * 4


@cache
def word_classes() -> dict[str, int]:
    """Word -> frequency class (2*log10 of the count in the source dictionary)."""
    classes: dict[str, int] = {}
    for line in (DATA / "words.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            level, words = line.split("\t")
            classes.update(dict.fromkeys(words.split(" "), int(level)))
    return classes


@cache
def _costs() -> dict[str, float]:
    return {word: _TOTAL - _STEP * level for word, level in word_classes().items()}


def tokens(text: str, extra: str = "") -> list[tuple[int, int]]:
    """Most probable split of a short text; `extra` is one more word that may be used."""
    costs, size, reach = _costs(), len(text), max(4, len(extra))
    best, back = [0.0] + [math.inf] * size, [0] * (size + 1)
    for start in range(size):
        base = best[start]
        for end in range(start + 1, min(size, start + reach) + 1):
            word = text[start:end]
            cost = costs.get(word)
            if word == extra and (cost is None or cost > _TERM_COST):
                cost = _TERM_COST
            if cost is None:
                if end > start + 1:
                    continue
                cost = _UNKNOWN_COST
            if base + cost < best[end]:
                best[end], back[end] = base + cost, start
    spans: list[tuple[int, int]] = []
    end = size
    while end:
        spans.append((back[end], end))
        end = back[end]
    return spans[::-1]


def _window(text: str, start: int, end: int) -> int:
    return max(0, start - _WINDOW)


def crosses_words(text: str, start: int, end: int) -> bool:
    """The hit is an accident: it begins or ends inside another word (社保|本月)."""
    left = _window(text, start, end)
    spans = tokens(text[left : end + _WINDOW], text[start:end])
    edges = {edge + left for span in spans for edge in span}
    return start not in edges or end not in edges


def spans_two_words(text: str, start: int, end: int) -> bool:
    """Both ends of the hit lie inside other words, each reaching out of it (古代|签字)."""
    left = _window(text, start, end)
    spans = tokens(text[left : end + _WINDOW])
    inside = [(s + left, e + left) for s, e in spans if s + left < end and e + left > start]
    first, last = inside[0], inside[-1]
    return first[0] < start and last[1] > end and first != last


def reads_naturally(text: str, start: int, end: int, word: str, strict: bool = False) -> bool:
    """Whether text[start:end] makes sense as written, so that it is no homophone of `word`.

    It does when a character that differs from `word` belongs to a common word of the text, and
    (`strict`, for sounds that are only similar) when a common word reaches into or out of the span.
    """
    left = _window(text, start, end)
    for at, to in tokens(text[left : end + _WINDOW]):
        covered = range(max(at + left, start), min(to + left, end))
        if to - at > 1 and any(text[i] != word[i - start] for i in covered):
            return True
        if strict and 0 < len(covered) < to - at:
            return True
    return False
