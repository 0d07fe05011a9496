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
    """What one word of the lexicon or of the tables means."""

    term: Term | None = None
    benign: bool = False
    split: str = ""  # the character that the components spell; "*" for an alias
    rules: tuple[int, ...] = ()  # to be looked at closer

    @property
    def only_cue(self) -> bool:
        return self.term is None and not self.benign and not self.split

    @property
    def only_object(self) -> bool:
        neutral = self.term is not None and self.term.kind == "object"
        return neutral and not self.benign and not self.split


@dataclass
class Index:
    """`entries` belong to the first words of the automaton; the words behind them are only cues."""

    automaton: Automaton
    entries: list[Entry]
    cues: Cues
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
        special = self.terms.keys() | self.benign | splits.keys() | cues.rare.keys()
        # "我" and "给" stand in every message: as automaton words they were most of all hits.
        singles = {w for w in cues.masks if len(w) == 1 and w not in special and w <= _LAST}
        first = sorted(special)
        words = first + sorted(cues.masks.keys() - special - singles)
        entries = [self._entry(word, splits, cues) for word in first]
        rows = {mask: row for row, mask in enumerate({0: None} | dict.fromkeys(cues.masks.values()))}
        bits = np.vstack([bits_of(mask) for mask in rows])
        numbers = np.array([rows[cues.masks.get(word, 0)] for word in words], np.uint16)
        return Index(Automaton(words), entries, cues, bits, numbers, _singles(singles, cues, rows))

    def _entry(self, word: str, splits: dict[str, str], cues: Cues) -> Entry:
        return Entry(
            self.terms.get(word),
            word in self.benign,
            splits.get(word, ""),
            cues.rare.get(word, ()),
        )


def _singles(singles: set[str], cues: Cues, rows: dict[int, int]) -> NDArray[np.uint16]:
    found = np.zeros(1 << 16, np.uint16)
    for char in singles:
        found[ord(char)] = rows[cues.masks[char]]
    return found
