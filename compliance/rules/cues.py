"""Which rules a sentence may meet, told from the words in it by a handful of integer operations.

A rule needs a word of each of its lists. Its two rarest lists take one slot each, a slot is a row
of as many bits as there are rules; the bits of the words of a sentence are or-ed together, and a
rule whose bit stands in both slots is looked at closer. How rare a list is, is counted in the
examples of harmless talk: it decides on speed only, never on the outcome.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from daachorse import CharwiseDoubleArrayAhoCorasick as Automaton

from compliance.rules.grammar import DATA, Rule, load_rules

_SLOTS = 2
Lists = tuple[tuple[str, ...], ...]  # the commonest word of a list first


@dataclass(frozen=True)
class Cues:
    rules: tuple[Rule, ...]
    masks: dict[str, int]  # word -> its bits in all slots
    granted: int  # the bits of slots that a rule does not use
    rest: dict[int, Lists]  # number of a rule -> its lists beyond the slots
    row: int  # all bits of the first slot

    def complete(self, seen: int, sentence: str) -> Iterator[Rule]:
        """The rules, in their order, that find a word of each of their lists in the sentence."""
        width = len(self.rules)
        seen |= self.granted
        left = seen & seen >> width & self.row
        while left:
            number = (left & -left).bit_length() - 1
            left &= left - 1
            if all(_stands(words, sentence) for words in self.rest.get(number, ())):
                yield self.rules[number]


def _stands(words: tuple[str, ...], sentence: str) -> bool:
    return any(word in sentence for word in words)


def _often(words: frozenset[str]) -> dict[str, int]:
    """Word -> how often it stands in the examples of harmless talk."""
    ordered = sorted(words)
    text = (DATA / "examples" / "clean.txt").read_text(encoding="utf-8")
    counts = Counter(number for _, _, number in Automaton(ordered).find_overlapping(text))
    return {word: counts[number] for number, word in enumerate(ordered)}


def _by_rarity(rules: tuple[Rule, ...]) -> Iterator[Lists]:
    often = _often(frozenset(word for rule in rules for words in rule.cues for word in words))

    def weight(words: frozenset[str]) -> tuple[int, str]:
        return sum(often[word] for word in words), min(words)

    def common_first(words: frozenset[str]) -> tuple[str, ...]:
        return tuple(sorted(words, key=lambda word: (-often[word], word)))

    for rule in rules:
        yield tuple(map(common_first, sorted(set(rule.cues), key=weight)))


@cache
def load_cues() -> Cues:
    rules = load_rules()
    masks: dict[str, int] = {}
    rest: dict[int, Lists] = {}
    granted, width = 0, len(rules)
    for number, lists in enumerate(_by_rarity(rules)):
        for slot in range(_SLOTS):
            bit = 1 << slot * width + number
            for word in lists[slot] if slot < len(lists) else ():
                masks[word] = masks.get(word, 0) | bit
            granted |= 0 if slot < len(lists) else bit
        if len(lists) > _SLOTS:
            rest[number] = lists[_SLOTS:]
    # Words of one class have equal masks: sharing them keeps the hot part of memory small.
    shared = {mask: mask for mask in masks.values()}
    row = (1 << width) - 1
    return Cues(rules, {word: shared[mask] for word, mask in masks.items()}, granted, rest, row)
