"""Which rules a sentence may meet, told from the words in it by a handful of integer operations.

A rule needs a word of each of its lists. The rules whose rarest list is common in harmless talk
have a bit each, in as many slots as they have lists (at most SLOTS): the bits of all words of a
sentence are or-ed together, and a rule whose bit stands in every slot is looked at closer. The
other rules are found by a word of their rarest list alone, since that hardly ever stands there.
How rare a list is, is counted in the examples of harmless talk: it decides on speed only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from daachorse import CharwiseDoubleArrayAhoCorasick as Automaton
from numpy.typing import NDArray

from compliance.rules.examples import CLEAN, text_of
from compliance.rules.grammar import Rule, load_rules

SLOTS = 3
COMMON = 384  # rules with bits
LANES = SLOTS * COMMON // 64
Bits = NDArray[np.uint64]
Lists = tuple[tuple[str, ...], ...]  # the rarest list first, in it the commonest word first


@dataclass(frozen=True)
class Cues:
    rules: tuple[Rule, ...]
    common: tuple[int, ...]  # the rule of each bit
    masks: dict[str, int]  # word -> its bits, slot after slot
    granted: Bits  # of slots that a rule does not use
    rare: dict[str, tuple[int, ...]]  # word -> the rules that it is enough to look closer at
    rest: dict[int, Lists]  # number of a rule -> its lists that were not asked yet

    def complete(self, seen: Bits) -> Iterator[tuple[int, int]]:
        """(row, rule) for each row of or-ed bits that holds all slots of a rule."""
        slots = (seen | self.granted).reshape(len(seen), SLOTS, COMMON // 64)
        left = np.bitwise_and.reduce(slots, axis=1)
        held = left.any(axis=1).nonzero()[0]
        if not len(held):
            return
        bits = np.unpackbits(left.take(held, axis=0).view(np.uint8), axis=1, bitorder="little")
        for row, bit in zip(*(places.tolist() for places in bits.nonzero()), strict=True):
            yield int(held[row]), self.common[bit]

    def stand(self, number: int, sentence: str) -> bool:
        """Whether the lists of a rule that were not asked yet have a word in the sentence."""
        return all(_stands(words, sentence) for words in self.rest[number])


def _stands(words: tuple[str, ...], sentence: str) -> bool:
    for word in words:  # noqa: SIM110 -- a generator would cost more than the search
        if word in sentence:
            return True
    return False


def _often(words: frozenset[str]) -> dict[str, int]:
    """Word -> how often it stands in the examples of harmless talk."""
    ordered = sorted(words)
    counts = Counter(i for _, _, i in Automaton(ordered).find_overlapping(text_of(CLEAN)))
    return {word: counts[number] for number, word in enumerate(ordered)}


def _by_rarity(rules: tuple[Rule, ...]) -> Iterator[tuple[int, Lists]]:
    """For each rule how often its rarest list stands in harmless talk, and its lists."""
    often = _often(frozenset(word for rule in rules for words in rule.cues for word in words))

    def weight(words: frozenset[str]) -> tuple[int, str]:
        return sum(often[word] for word in words), min(words)

    def common_first(words: frozenset[str]) -> tuple[str, ...]:
        return tuple(sorted(words, key=lambda word: (-often[word], word)))

    for rule in rules:
        lists = sorted(set(rule.cues), key=weight)
        yield weight(lists[0])[0], tuple(map(common_first, lists))


@cache
def load_cues() -> Cues:
    rules = load_rules()
    weighed = list(_by_rarity(rules))
    order = sorted(range(len(rules)), key=lambda number: (-weighed[number][0], number))
    common = tuple(sorted(order[:COMMON]))
    lists = {number: weighed[number][1] for number in order}
    masks, granted = _masks([lists[number] for number in common])
    rest = {number: lists[number][SLOTS:] for number in common}
    rest |= {number: lists[number][1:] for number in order[COMMON:]}
    rare: dict[str, tuple[int, ...]] = {}
    for number in sorted(order[COMMON:]):
        for word in lists[number][0]:
            rare[word] = (*rare.get(word, ()), number)
    return Cues(rules, common, masks, bits_of(granted), rare, {n: w for n, w in rest.items() if w})


def _masks(common: list[Lists]) -> tuple[dict[str, int], int]:
    """Word -> bits; and the bits that every sentence has."""
    masks: dict[str, int] = {}
    granted = 0
    for place, lists in enumerate(common):
        for slot in range(SLOTS):
            bit = 1 << slot * COMMON + place
            for word in lists[slot] if slot < len(lists) else ():
                masks[word] = masks.get(word, 0) | bit
            granted |= 0 if slot < len(lists) else bit
    return masks, granted


def bits_of(mask: int) -> Bits:
    """One row of lanes."""
    return np.frombuffer(mask.to_bytes(LANES * 8, "little"), np.dtype("<u8"))
