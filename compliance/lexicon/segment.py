"""Word boundaries around a hit only: a hit is rare, so the cost does not matter."""

from __future__ import annotations

import math
from functools import cache

from compliance.lexicon.source import DATA

_WINDOW = 5
_TOTAL = math.log(6e7)
_STEP = math.log(10) / 2
_UNKNOWN = 3
_TERM_CLASS = 4


@cache
def word_classes() -> dict[str, int]:
    """Word -> frequency class (2*log10 of the count in the source dictionary)."""
    classes: dict[str, int] = {}
    for line in (DATA / "words.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            level, words = line.split("\t")
            classes.update(dict.fromkeys(words.split(" "), int(level)))
    return classes


def _cost(word: str, extra: str) -> float | None:
    level = word_classes().get(word)
    if word == extra:
        level = max(level or 0, _TERM_CLASS)
    if level is None:
        level = _UNKNOWN if len(word) == 1 else None
    return None if level is None else _TOTAL - _STEP * level


def tokens(text: str, extra: str = "") -> list[tuple[int, int]]:
    """Most probable split of a short text; `extra` is one more word that may be used."""
    best: list[tuple[float, int]] = [(0.0, 0)] + [(math.inf, 0)] * len(text)
    for start in range(len(text)):
        for end in range(start + 1, min(len(text), start + max(4, len(extra))) + 1):
            cost = _cost(text[start:end], extra)
            if cost is not None and best[start][0] + cost < best[end][0]:
                best[end] = (best[start][0] + cost, start)
    spans: list[tuple[int, int]] = []
    end = len(text)
    while end:
        spans.append((best[end][1], end))
        end = best[end][1]
    return spans[::-1]


def _window(text: str, start: int, end: int) -> int:
    return max(0, start - _WINDOW)


def crosses_words(text: str, start: int, end: int) -> bool:
    """The hit is an accident: it begins or ends inside another word (社保|本月)."""
    left = _window(text, start, end)
    spans = tokens(text[left : end + _WINDOW], text[start:end])
    edges = {edge + left for span in spans for edge in span}
    return start not in edges or end not in edges


def reads_naturally(text: str, start: int, end: int, word: str) -> bool:
    """Whether text[start:end] makes sense as written, so that it is no homophone of `word`.

    It does when a character that differs from `word` belongs to a common word of the text.
    """
    left = _window(text, start, end)
    for at, to in tokens(text[left : end + _WINDOW]):
        covered = range(max(at + left, start), min(to + left, end))
        if to - at > 1 and any(text[i] != word[i - start] for i in covered):
            return True
    return False
