"""The shared automaton: lexicon terms, benign phrases, sensitive objects and rule cues."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from daachorse import CharwiseDoubleArrayAhoCorasick as Automaton
from numpy.typing import NDArray

from compliance.lexicon.chars import CharTable
from compliance.lexicon.layers import Squeezer
from compliance.lexicon.model import CATEGORIES, LexiconData, Term
from compliance.rules.cues import Bits, Cues, bits_of, load_cues
from compliance.rules.grammar import load_words

Hit = tuple[int, int, Term]
_LAST = "\uffff"


@dataclass(frozen=True, slots=True)
class Entry:
    """What one word of the lexicon or of the tables means besides being a cue."""

    word: str
    term: Term | None = None
    benign: bool = False
    split: str = ""  # the character that the components spell; "*" for an alias

    def neutral(self) -> bool:
        """A word of everyday banking that only a disguise makes suspicious."""
        if self.benign or self.split or self.term is None:
            return False
        return self.term.kind == "object"


@dataclass
class Index:
    """`entries` belong to the first words of the automaton; the words behind them are only cues."""

    automaton: Automaton
    entries: list[Entry]
    neutral: list[bool]  # of each entry
    cues: Cues
    rare: dict[int, tuple[int, ...]]  # number of a word -> rules to be looked at closer
    is_rare: NDArray[np.bool_]  # for each word of the automaton
    bits: Bits  # a row for each set of cues that a word may stand for; row 0 is none
    words: NDArray[np.uint16]  # row of each word of the automaton
    singles: NDArray[np.uint16]  # row of each character: most characters are no words


def canonical(text: str, table: CharTable, squeezer: Squeezer) -> str:
    return squeezer.fast(table.canonical(text))


def _objects() -> list[Term]:
    """Neutral words of banking talk that only a disguise makes suspicious."""
    return [
        Term(word, category, min(3, CATEGORIES[category][1]), "object", f"OBJ-{category}")
        for category, words in load_words("objects.txt").items()
        for word in sorted(words)
    ]


class Builder:
    def __init__(self, table: CharTable, squeezer: Squeezer) -> None:
        self.table = table
        self.squeezer = squeezer
        self.terms: dict[str, Term] = {}
        self.benign: set[str] = set()

    def add_lexicon(self, data: LexiconData) -> None:
        for term in _objects() + list(data.terms):
            text = canonical(term.text, self.table, self.squeezer)
            if not text or term.kind not in ("risk", "benign", "object"):
                continue
            if term.kind == "benign":
                self.benign.add(text)
            else:
                self.terms[text] = term

    def add_benign(self) -> None:
        for words in load_words("benign.txt").values():
            self.benign |= words

    def finish(self, splits: dict[str, str]) -> Index:
        """`splits`: what must be folded before the text is read again -> what it spells."""
        cues = load_cues()
        special = self.terms.keys() | self.benign | splits.keys()
        # "我" and "给" stand in every message: as automaton words they were most of all hits.
        singles = {w for w in cues.masks if _single(w)} - special - cues.rare.keys()
        entries = [
            Entry(w, self.terms.get(w), w in self.benign, splits.get(w, ""))
            for w in sorted(special)
        ]
        only = sorted((cues.masks.keys() | cues.rare.keys()) - special - singles)
        words = [entry.word for entry in entries] + only
        rows = {mask: row for row, mask in enumerate(dict.fromkeys([0, *cues.masks.values()]))}
        return Index(
            Automaton(words),
            entries,
            [entry.neutral() for entry in entries],
            cues,
            {number: cues.rare[word] for number, word in enumerate(words) if word in cues.rare},
            np.array([word in cues.rare for word in words], np.bool_),
            np.vstack([bits_of(mask) for mask in rows]),
            np.array([rows[cues.masks.get(word, 0)] for word in words], np.uint16),
            _rows_of(singles, cues, rows),
        )


def _single(word: str) -> bool:
    return len(word) == 1 and word <= _LAST


def _rows_of(singles: set[str], cues: Cues, rows: dict[int, int]) -> NDArray[np.uint16]:
    found = np.zeros(1 << 16, np.uint16)
    for char in singles:
        found[ord(char)] = rows[cues.masks[char]]
    return found
