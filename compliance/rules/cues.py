"""Which rules a sentence may meet, told from the words in it by a handful of integer operations.

A rule needs a word of each of its lists. The rules whose rarest list is common in harmless talk
have a bit each, in as many slots as they have lists (at most SLOTS): the bits of all words of a
sentence are or-ed together, and a rule whose bit stands in every slot is looked at closer. Words of
one or two characters, nearly all that stand in a message, are read from a table of pairs. The
other rules are found by a word of their rarest list alone, since that hardly ever stands there.
How rare a list is, is counted in the examples of harmless talk: it decides on speed only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from daachorse import CharwiseDoubleArrayAhoCorasick as Automaton
from numpy.typing import NDArray

from compliance.rules.batch import Batch, Units
from compliance.rules.examples import CLEAN, text_of
from compliance.rules.grammar import Rule, load_rules
from compliance.rules.neighbours import Alphabet, near

SLOTS = 3
COMMON = 384  # rules with bits
_SLOT = COMMON // 64  # lanes of one slot
_FEW = 8  # longer words that are cheaper one by one than as arrays
Bits = NDArray[np.uint64]
Lists = tuple[tuple[str, ...], ...]  # the rarest list first, in it the commonest word first


class Short:
    """The words of one or two characters: which row of bits each two neighbours mean."""

    def __init__(self, masks: Mapping[str, int], rows: dict[int, int]) -> None:
        """`rows`: bits -> number of their row; bits that only stand together are added to it."""
        self.alphabet = Alphabet(masks)
        table = np.zeros((self.alphabet.width, self.alphabet.width), np.uint16)
        for char in (word for word in masks if len(word) == 1):
            table[self.alphabet.numbers[ord(char)], :] = rows.setdefault(masks[char], len(rows))
        pairs = sorted(word for word in masks if len(word) == 2)
        both = [masks[pair] | masks.get(pair[0], 0) for pair in pairs]
        table.ravel()[self.alphabet.of(pairs)] = [rows.setdefault(m, len(rows)) for m in both]
        self.table = table.ravel()

    def rows(self, found: Units) -> NDArray[np.uint16]:
        """The row at each place but the last, where a STOP stands."""
        return self.table.take(self.alphabet.pairs(found))


@dataclass(frozen=True)
class Cues:
    rules: tuple[Rule, ...]
    common: tuple[int, ...]  # the rule of each bit
    granted: Bits  # of slots that a rule does not use
    bits: Bits  # one row for each set of cues; row 0 is none
    short: Short
    long: dict[str, int]  # every other word -> its row
    rare: dict[str, tuple[int, ...]]  # word -> the rules that it is enough to look closer at
    rest: dict[int, Lists]  # number of a rule -> its lists that were not asked yet

    def complete(self, batch: Batch, long: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """(sentence, rule) for each rule that has a word of each of its slots there.

        `long`: where longer words stand, sentence by sentence, and the rows of their bits.
        """
        seen = self._short(batch)
        if len(long) > _FEW:
            self._add(seen, batch, np.array(long))
        else:
            for place, row in long:
                seen[batch.sentence_at(place)] |= self.bits[row]
        seen |= self.granted
        left = seen[:, :_SLOT]
        for slot in range(1, SLOTS):
            left = left & seen[:, slot * _SLOT : (slot + 1) * _SLOT]
        held, lanes = left.nonzero()
        for sentence, lane in zip(held.tolist(), lanes.tolist(), strict=True):
            yield from (
                (sentence, self.common[bit]) for bit in _bits(int(left[sentence, lane]), lane)
            )

    def _short(self, batch: Batch) -> Bits:
        """The bits of the short words of each sentence, or-ed together."""
        short = self.bits.take(self.short.rows(batch.units), axis=0)
        seen: Bits = np.bitwise_or.reduceat(short, batch.stops[:-1], axis=0)
        return seen

    def _add(self, seen: Bits, batch: Batch, long: NDArray[np.int64]) -> None:
        sentences = np.searchsorted(batch.stops, long[:, 0]) - 1
        fresh = np.ones(len(sentences), np.bool_)
        fresh[1:] = sentences[1:] != sentences[:-1]
        firsts = fresh.nonzero()[0]
        bits = self.bits.take(long[:, 1], axis=0)
        seen[sentences.take(firsts)] |= np.bitwise_or.reduceat(bits, firsts, axis=0)

    def stand(self, number: int, sentence: str) -> bool:
        """Whether the lists of a rule that were not asked yet have a word in the sentence."""
        return all(_stands(words, sentence) for words in self.rest[number])


def _bits(lane: int, place: int) -> Iterator[int]:
    """The numbers of the bits that are set in a lane."""
    while lane:
        lowest = lane & -lane
        yield place * 64 + lowest.bit_length() - 1
        lane ^= lowest


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
    rows = {0: 0}
    short = Short({word: masks[word] for word in masks if _is_short(word)}, rows)
    long = {w: rows.setdefault(masks[w], len(rows)) for w in masks if not _is_short(w)}
    bits = np.vstack([_bits_of(mask) for mask in rows])
    asked = {number: lists for number, lists in rest.items() if lists}
    return Cues(rules, common, _bits_of(granted), bits, short, long, rare, asked)


def _is_short(word: str) -> bool:
    return len(word) <= 2 and near(word)


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


def _bits_of(mask: int) -> Bits:
    """One row of lanes."""
    return np.frombuffer(mask.to_bytes(SLOTS * _SLOT * 8, "little"), np.dtype("<u8"))
