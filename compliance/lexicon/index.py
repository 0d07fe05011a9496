"""The shared automaton: lexicon terms, benign phrases, sensitive objects and rule cues."""

from __future__ import annotations

from dataclasses import dataclass, field

from daachorse import CharwiseDoubleArrayAhoCorasick as Automaton

from compliance.lexicon.chars import CharTable
from compliance.lexicon.layers import Squeezer
from compliance.lexicon.model import CATEGORIES, LexiconData, Term
from compliance.rules.grammar import Rule, load_rules, load_words

Hit = tuple[int, int, Term]


@dataclass(frozen=True, slots=True)
class Entry:
    """What one word of the automaton means; bits are the cue lists of rules that contain it."""

    term: Term | None = None
    benign: bool = False
    split: bool = False
    bits: int = 0


@dataclass
class Index:
    automaton: Automaton
    entries: list[Entry]
    rules: dict[int, list[tuple[int, Rule]]] = field(default_factory=dict)
    rarest: int = 0


def canonical(text: str, table: CharTable, squeezer: Squeezer) -> str:
    return squeezer.fast(text.translate(table))


def _objects() -> list[Term]:
    """Neutral words of banking talk that only a disguise makes suspicious."""
    return [
        Term(word, category, min(3, CATEGORIES[category][1]), "object", f"OBJ-{category}")
        for category, words in load_words("objects.txt").items()
        for word in sorted(words)
    ]


def _weight(words: frozenset[str]) -> tuple[int, int]:
    """Rarity of a cue list: long words first, then few words."""
    return (-min(len(w) for w in words), len(words))


class Builder:
    def __init__(self, table: CharTable, squeezer: Squeezer) -> None:
        self.table = table
        self.squeezer = squeezer
        self.terms: dict[str, Term] = {}
        self.benign: set[str] = set()
        self.bits: dict[str, int] = {}
        self.cues: dict[frozenset[str], int] = {}

    def add_lexicon(self, data: LexiconData) -> None:
        for term in _objects() + list(data.terms):
            text = canonical(term.text, self.table, self.squeezer)
            if not text or term.kind == "alias":
                continue
            if term.kind == "benign":
                self.benign.add(text)
            else:
                self.terms[text] = term

    def add_benign(self) -> None:
        for words in load_words("benign.txt").values():
            self.benign |= words

    def _bit(self, words: frozenset[str]) -> int:
        if words not in self.cues:
            self.cues[words] = 1 << len(self.cues)
            for word in words:
                self.bits[word] = self.bits.get(word, 0) | self.cues[words]
        return self.cues[words]

    def add_rules(self) -> dict[int, list[tuple[int, Rule]]]:
        """Rules by their rarest cue bit; each with the mask of all its cues."""
        by_cue: dict[int, list[tuple[int, Rule]]] = {}
        for rule in load_rules():
            mask = 0
            for words in rule.cues:
                mask |= self._bit(words)
            key = self._bit(min(rule.cues, key=_weight))
            by_cue.setdefault(key, []).append((mask, rule))
        return by_cue

    def finish(self, splits: frozenset[str]) -> Index:
        by_cue = self.add_rules()
        words = sorted(self.terms.keys() | self.benign | self.bits.keys() | splits)
        entries = [
            Entry(self.terms.get(w), w in self.benign, w in splits, self.bits.get(w, 0))
            for w in words
        ]
        return Index(Automaton(words), entries, by_cue, sum(by_cue))
