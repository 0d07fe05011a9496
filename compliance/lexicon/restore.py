"""Undo disguises: aliases and emoji, split characters, pinyin and homophones.

Each step yields a new layer with offsets; only hits that touch a restored character count there,
because the plain layer has been scanned already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain

from daachorse import CharwiseDoubleArrayAhoCorasick as Automaton

from compliance.lexicon import decode, pinyin
from compliance.lexicon.layers import Layer
from compliance.lexicon.names import in_name
from compliance.lexicon.segment import reads_naturally
from compliance.lexicon.source import DATA
from compliance.rules.batch import Batch, units

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


_MAX_OWN = 300
# They stand in every sentence; as a loose homophone they would be found everywhere.
_FUNCTION = frozenset(
    "您你我他她它是的了在有和不也就都来到这那里行新些说时事最再做会要给让被把自请好没以能可上下"
)


def _keeps_aliases(layer: Layer, edit: Edit) -> bool:
    """An emoji stands for one word; that this word sounds like another one is no disguise."""
    start, end, word = edit
    if len(word) != end - start:
        return True
    return all(
        layer.stage[start + i] != "alias" or layer.text[start + i] == ch
        for i, ch in enumerate(word)
    )


def _by_trust(
    words: frozenset[str], strong: frozenset[str], near: frozenset[str]
) -> list[frozenset[str]]:
    """The words in groups, shipped ones first: of words that sound alike the first one counts."""
    shipped, own = words & near, words - near
    return [shipped & strong, shipped - strong, own & strong, own - strong]


def _kept(heard: dict[str, list[str]], words: frozenset[str]) -> dict[str, list[str]]:
    """Code -> those of its words that count; codes without one are left out."""
    kept = {code: group for code, group in heard.items() if not words.isdisjoint(group)}
    return {
        code: group if words.issuperset(group) else [word for word in group if word in words]
        for code, group in kept.items()
    }


class Homophones:
    """Automaton over syllables of the whole vocabulary.

    `strong` words may be restored from other Chinese characters of the same sound; the others only
    when the writer typed Latin pinyin, which nobody does by accident. Two syllables that are only
    similar (zh and z) count for the shipped words (`near`); two syllables of a bank's own words
    count while these are few: thousands of them sound like every second ordinary word.
    """

    def __init__(self, words: frozenset[str], strong: frozenset[str], near: frozenset[str]) -> None:
        heard: dict[str, list[str]] = {}
        for word in chain.from_iterable(map(sorted, _by_trust(words, strong, near))):
            for code in pinyin.encodings(word):
                heard.setdefault(code, []).append(word)
        self.codes = sorted(heard)
        self.words = [heard[code][0] for code in self.codes]
        self.strong = strong
        self.near = near
        self.automaton = Automaton(self.codes)
        own = {w for w in strong - near if len(w) == 2}
        mute = own if len(own) > _MAX_OWN else frozenset()
        spoken = _kept(heard, strong - mute)
        self.spoken = list(spoken.values())
        self.spoken_automaton = Automaton(list(spoken))
        self.latin = re.compile(r"[a-z]{2,39}")
        self.letter = re.compile(r"[a-z]")

    def suspects(self, batch: Batch) -> set[int]:
        """The texts that `apply` would change, without building offsets."""
        found = {
            batch.text_at(run.start())
            for run in self.latin.finditer(batch.joined)
            if pinyin.is_typed(run.group())
        }
        for start, end, group in self._sounding(batch.joined, pinyin.spoken(batch.units)):
            number = batch.text_at(start)
            if number not in found:
                base = batch.bases[number]
                if self._meant(batch.texts[number], start - base, end - base, group):
                    found.add(number)
        return found

    def _sounding(self, text: str, sounds: str) -> Iterator[tuple[int, int, list[str]]]:
        """Where a text sounds like words and is written otherwise: (start, end, the words)."""
        for start, end, number in self.spoken_automaton.find_overlapping(sounds):
            group = self.spoken[number]
            if text[start:end] not in group:
                yield start, end, group

    def _meant(self, text: str, start: int, end: int, group: list[str]) -> str | None:
        return next((word for word in group if self._replaces(text, start, end, word)), None)

    def _heard(self, text: str) -> Iterator[Edit]:
        """Edits for a text without typed pinyin: characters and syllables go one to one."""
        for start, end, group in self._sounding(text, pinyin.spoken(units(text))):
            if word := self._meant(text, start, end, group):
                yield start, end, word

    def apply(self, layer: Layer) -> Layer:
        edits: list[Edit] = []
        if self.letter.search(layer.text):
            for tokens in pinyin.readings(layer.text):
                edits += self._edits(layer.text, tokens)
        else:
            edits += self._heard(layer.text)
        chosen = _longest(edit for edit in edits if _keeps_aliases(layer, edit))
        return layer.replaced(chosen, "pinyin") if chosen else layer

    def _edits(self, text: str, tokens: list[pinyin.Token]) -> list[Edit]:
        out: list[Edit] = []
        for ts, te, i in self.automaton.find_overlapping("".join(t[0] for t in tokens)):
            start, end, word = tokens[ts][1], tokens[te - 1][2], self.words[i]
            if text[start:end] != word and self._plausible(text, start, end, word):
                out.append((start, end, word))
        return out

    def _plausible(self, text: str, start: int, end: int, word: str) -> bool:
        if self.latin.search(text, start, end):
            return _FUNCTION.isdisjoint(text[start:end]) or not _FUNCTION.isdisjoint(word)
        if word not in self.strong or len(word) != end - start:
            return False
        return self._replaces(text, start, end, word)

    def _replaces(self, text: str, start: int, end: int, word: str) -> bool:
        """Whether these Chinese characters stand for `word`; the cheap tests come first."""
        similar = [
            a for a, b in zip(text[start:end], word, strict=True) if not pinyin.same_sound(a, b)
        ]
        if similar and (
            (len(word) == 2 and word not in self.near) or not _FUNCTION.isdisjoint(similar)
        ):
            return False
        return (
            decode.likelier(text, start, end, word)
            and not reads_naturally(text, start, end, word, strict=bool(similar))
            and not in_name(text, start, end)
        )
