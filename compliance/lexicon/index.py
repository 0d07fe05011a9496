"""The shared automaton: lexicon terms, benign phrases, sensitive objects and rule cues."""

from __future__ import annotations

from dataclasses import dataclass

from daachorse import CharwiseDoubleArrayAhoCorasick as Automaton

from compliance.lexicon.chars import CharTable
from compliance.lexicon.layers import Squeezer
from compliance.lexicon.model import CATEGORIES, LexiconData, Term
from compliance.rules.cues import Cues, load_cues
from compliance.rules.grammar import load_words

Hit = tuple[int, int, Term]


@dataclass(frozen=True, slots=True)
class Entry:
    """What one word of the lexicon or of the tables means."""

    term: Term | None = None
    benign: bool = False
    split: str = ""  # the character that the components spell; "*" for an alias


@dataclass
class Index:
    """`entries` belong to the first words of the automaton; the words behind them are only cues."""

    automaton: Automaton
    entries: list[Entry]
    cues: Cues
    words: list[int]  # cue mask of each word of the automaton
    singles: dict[str, int]  # cue masks of one character: found by set intersection


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
        singles = {w: mask for w, mask in cues.masks.items() if len(w) == 1 and w not in special}
        first = sorted(special)
        words = first + sorted(cues.masks.keys() - special - singles.keys())
        entries = [Entry(self.terms.get(w), w in self.benign, splits.get(w, "")) for w in first]
        masks = [cues.masks.get(w, 0) for w in words]
        return Index(Automaton(words), entries, cues, masks, singles)
