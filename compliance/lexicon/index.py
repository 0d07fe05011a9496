"""The shared automaton: lexicon terms, benign phrases, sensitive objects and rule cues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from daachorse import CharwiseDoubleArrayAhoCorasick as Automaton

from compliance.lexicon.chars import CharTable
from compliance.lexicon.layers import Squeezer
from compliance.lexicon.model import CATEGORIES, LexiconData, Term
from compliance.rules.cues import Cues, load_cues
from compliance.rules.grammar import load_words

ALIAS = "*"
Hit = tuple[int, int, Term]


class Special(NamedTuple):
    """A word that means something itself."""

    word: str
    term: Term | None
    benign: bool
    spells: str  # what components of a character or an alias (ALIAS) spell
    neutral: bool  # a word of everyday banking that only a disguise makes suspicious


class Meaning(NamedTuple):
    """What it says that a word of the automaton stands somewhere."""

    special: Special | None
    row: int  # of cue bits; 0 is none
    rare: tuple[int, ...]  # rules to be looked at closer


@dataclass
class Index:
    automaton: Automaton
    meanings: list[Meaning]  # of each word of the automaton
    cues: Cues


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
        # Short cues are read from a table: as automaton words they were most of all hits.
        words = sorted(special | cues.long.keys() | cues.rare.keys())
        meanings = [
            Meaning(
                self._special(word, splits) if word in special else None,
                cues.long.get(word, 0),
                cues.rare.get(word, ()),
            )
            for word in words
        ]
        return Index(Automaton(words), meanings, cues)

    def _special(self, word: str, splits: dict[str, str]) -> Special:
        term, benign, spells = self.terms.get(word), word in self.benign, splits.get(word, "")
        neutral = term is not None and term.kind == "object" and not benign and not spells
        return Special(word, term, benign, spells, neutral)
