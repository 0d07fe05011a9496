"""Undo disguises: aliases and emoji, split characters, pinyin and homophones.

Each step yields a new layer with offsets; only hits that touch a restored character count there,
because the plain layer has been scanned already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from daachorse import CharwiseDoubleArrayAhoCorasick as Automaton

from compliance.lexicon import pinyin
from compliance.lexicon.layers import Layer
from compliance.lexicon.segment import reads_naturally
from compliance.lexicon.source import DATA

Edit = tuple[int, int, str]


@cache
def split_table() -> dict[str, str]:
    lines = (DATA / "splits.txt").read_text(encoding="utf-8").splitlines()
    cells = " ".join(line for line in lines if not line.startswith("#")).split()
    return dict(cell.rsplit("=", 1) for cell in cells)


def _longest(candidates: Iterable[Edit]) -> list[Edit]:
    """Non-overlapping edits, the longest first, returned in text order."""
    taken: list[Edit] = []
    for edit in sorted(candidates, key=lambda c: (c[0] - c[1], c[0])):
        if all(edit[1] <= t[0] or edit[0] >= t[1] for t in taken):
            taken.append(edit)
    return sorted(taken)


class Replacer:
    """Literal replacement by one automaton (aliases, split characters)."""

    def __init__(self, table: dict[str, str], stage: str) -> None:
        self.words = sorted(table)
        self.table = table
        self.stage = stage
        self.automaton = Automaton(self.words) if self.words else None

    def apply(self, layer: Layer) -> Layer:
        if not self.automaton:
            return layer
        hits = self.automaton.find_overlapping(layer.text)
        edits = _longest(
            (s, e, self.table[self.words[i]]) for s, e, i in hits if _whole(layer.text, s, e)
        )
        return layer.replaced(edits, self.stage) if edits else layer


def _whole(text: str, start: int, end: int) -> bool:
    """A Latin alias (vx, yzm) must not be a part of a longer Latin word."""
    left = text[start].isascii() and text[start].isalpha() and text[start - 1 : start]
    right = text[end - 1].isascii() and text[end - 1].isalpha() and text[end : end + 1]
    return not any(c and c.isascii() and c.isalpha() for c in (left or "", right or ""))


class Homophones:
    """Automaton over syllables of the whole vocabulary.

    `strong` words may be restored from other Chinese characters of the same sound; the others only
    when the writer typed Latin pinyin, which nobody does by accident.
    """

    def __init__(self, words: frozenset[str], strong: frozenset[str]) -> None:
        pairs = sorted({(code, w) for w in words for code in pinyin.encodings(w)})
        best: dict[str, str] = {}
        for code, word in pairs:
            if code not in best or (word in strong and best[code] not in strong):
                best[code] = word
        self.codes = sorted(best)
        self.words = [best[code] for code in self.codes]
        self.strong = strong
        self.strong_words = [w if w in strong else "" for w in self.words]
        self.automaton = Automaton(self.codes)
        self.latin = re.compile(r"[a-z]{2,39}")

    def candidates(self, text: str) -> bool:
        """Cheap test for the fast path: does any word sound like the text but differ from it?"""
        if any(pinyin.is_typed(run) for run in self.latin.findall(text)):
            return True
        strong = self.strong_words
        for start, end, i in self.automaton.find_overlapping(text.translate(pinyin.TABLE)):
            word = strong[i]
            if word and text[start:end] != word:
                return True
        return False

    def apply(self, layer: Layer) -> Layer:
        edits: list[Edit] = []
        for tokens in pinyin.readings(layer.text):
            edits += self._edits(layer.text, tokens)
        chosen = _longest(edits)
        return layer.replaced(chosen, "pinyin") if chosen else layer

    def _edits(self, text: str, tokens: list[pinyin.Token]) -> list[Edit]:
        out: list[Edit] = []
        for ts, te, i in self.automaton.find_overlapping("".join(t[0] for t in tokens)):
            start, end, word = tokens[ts][1], tokens[te - 1][2], self.words[i]
            if text[start:end] != word and self._plausible(text, start, end, word):
                out.append((start, end, word))
        return out

    def _plausible(self, text: str, start: int, end: int, word: str) -> bool:
        if any("a" <= ch <= "z" for ch in text[start:end]):
            return True
        if word not in self.strong or len(word) != end - start:
            return False
        return not reads_naturally(text, start, end, word)
