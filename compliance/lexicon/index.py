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


class Word(NamedTuple):
    """What it says that a word of the automaton stands somewhere."""

    text: str
    term: Term | None
    benign: bool
    spells: str  # what components of a character or an alias (ALIAS) spell
    row: int  # of cue bits; 0 is none
    rare: tuple[int, ...]  # rules to be looked at closer

    @property
    def neutral(self) -> bool:
        """A word of everyday banking that only a disguise makes suspicious."""
        risky = self.term is None or self.term.kind != "object"
        return not (risky or self.benign or self.spells)


@dataclass
class Index:
    automaton: Automaton
    words: list[Word]
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
        texts = sorted(special | cues.long.keys() | cues.rare.keys())
        term, spells = self.terms.get, splits.get
        row, rare = cues.long.get, cues.rare.get
        words = [
            Word(
                text,
                term(text),
                text in self.benign,
                spells(text, ""),
                row(text, 0),
                rare(text, ()),
            )
            for text in texts
        ]
        return Index(Automaton(texts), words, cues)
