"""The shared automaton: lexicon terms, benign phrases, sensitive objects and rule cues."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from daachorse import CharwiseDoubleArrayAhoCorasick as Automaton

from compliance.lexicon.chars import CharTable
from compliance.lexicon.layers import Squeezer
from compliance.lexicon.model import CATEGORIES, LexiconData, Term
from compliance.lexicon.segment import word_classes
from compliance.rules.grammar import Rule, load_rules, load_words

Hit = tuple[int, int, Term]


@dataclass(frozen=True, slots=True)
class Entry:
    """What one word of the automaton means; bits are the cue lists of rules that contain it."""

    term: Term | None = None
    benign: bool = False
    split: str = ""  # the character that the components spell; "*" for an alias
    bits: int = 0
    rules: tuple[int, ...] = ()  # numbers of the rules whose rarest cue list contains the word


@dataclass
class Index:
    automaton: Automaton
    entries: list[Entry]
    singles: dict[str, Entry]  # cue words of one character: found by set intersection
    rules: list[tuple[int, Rule]]  # (mask of all cue lists, rule)


def canonical(text: str, table: CharTable, squeezer: Squeezer) -> str:
    return squeezer.fast(text.translate(table))


def _objects() -> list[Term]:
    """Neutral words of banking talk that only a disguise makes suspicious."""
    return [
        Term(word, category, min(3, CATEGORIES[category][1]), "object", f"OBJ-{category}")
        for category, words in load_words("objects.txt").items()
        for word in sorted(words)
    ]


def _often(word: str) -> float:
    everyday = word in load_words("everyday.txt")["bank"]
    level = 9 if everyday else word_classes().get(word, 6 if len(word) == 1 else 2)
    return float(10 ** (level / 2))


@cache
def _weight(words: frozenset[str]) -> tuple[float, str]:
    """How often a cue list is met in ordinary text; the rarest list of a rule starts it."""
    return sum(map(_often, words)), min(words)


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
            if not text or term.kind not in ("risk", "benign", "object"):
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

    def add_rules(self) -> tuple[list[tuple[int, Rule]], dict[str, tuple[int, ...]]]:
        """(rules with the mask of their cue lists, word -> numbers of rules it may start)."""
        masked: list[tuple[int, Rule]] = []
        by_word: dict[str, tuple[int, ...]] = {}
        for number, rule in enumerate(load_rules()):
            mask = 0
            for words in rule.cues:
                mask |= self._bit(words)
            masked.append((mask, rule))
            for word in min(rule.cues, key=_weight):
                by_word[word] = (*by_word.get(word, ()), number)
        return masked, by_word

    def finish(self, splits: dict[str, str]) -> Index:
        """`splits`: what must be folded before the text is read again -> what it spells."""
        rules, by_word = self.add_rules()
        special = self.terms.keys() | self.benign | splits.keys()
        # "我" and "给" stand in every message: as automaton words they were most of all hits.
        singles = {w for w in self.bits if len(w) == 1 and w not in special}
        words = sorted((special | self.bits.keys()) - singles)

        def entry(w: str) -> Entry:
            bits, starts = self.bits.get(w, 0), by_word.get(w, ())
            return Entry(self.terms.get(w), w in self.benign, splits.get(w, ""), bits, starts)

        entries = [entry(w) for w in words]
        return Index(Automaton(words), entries, {w: entry(w) for w in sorted(singles)}, rules)
