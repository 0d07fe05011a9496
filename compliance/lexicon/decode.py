"""What a sentence in wrong characters or half in pinyin was meant to say.

A noisy channel: the writer meant pairs of characters that people write (counted in data/examples)
and put others of the same sound, or the sound itself. Where a character fits neither neighbour, the
best reading is found by Viterbi over the characters of its sound; keeping what stands there is
free, a change must earn its price.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import add, and_

from compliance.lexicon import pinyin
from compliance.lexicon.layers import Layer
from compliance.lexicon.names import in_name
from compliance.rules.grammar import DATA

CHANGE = 2.2  # price of a changed character, in natural log units
LEAST = 3  # a pair is common from this count on
MOST = 12  # characters tried for one sound
_REMEMBERED = 300_000  # pairs kept; strange texts must not fill the memory
_CHINESE = re.compile("[\u4e00-\u9fff]+")
_STOP = "。"
Edit = tuple[int, int, str]
Choice = list[tuple[str, float]]  # characters that may be meant, each with its price


class Costs(dict[str, float]):
    """Pair of neighbours -> -log of how likely the second follows the first."""

    def __init__(self, counts: Counter[str], single: Counter[str]) -> None:
        super().__init__()
        self.counts, self.single = counts, single

    def __missing__(self, pair: str) -> float:
        one, two = pair[0], pair[1]
        # The unseen gets a little, and more where its second character is common.
        seen = self.counts[pair] + self.single[two] / 5000 + 0.01
        value = -math.log(seen / (self.single[one] + 20))
        if len(self) < _REMEMBERED:
            self[pair] = value
        return value


@dataclass(frozen=True)
class Pairs:
    """Pairs that people write, the sounds of the common ones, the characters of each sound."""

    known: frozenset[str]
    sounds: frozenset[str]
    heard: dict[str, list[str]]
    costs: Costs


@cache
def load_pairs() -> Pairs:
    """Counted once per process, when the first message comes."""
    counts: Counter[str] = Counter()
    single: Counter[str] = Counter()
    for name in ("violations.txt", "clean.txt"):
        for line in (DATA / "examples" / name).read_text(encoding="utf-8").splitlines():
            text = _STOP + line.rpartition("\t")[2] + _STOP
            counts.update(map(add, text, text[1:]))
            single.update(text)
    common = (p for p, n in counts.items() if n >= LEAST and _CHINESE.fullmatch(p))
    sounds = frozenset(p.translate(pinyin.TABLE) for p in common)
    return Pairs(frozenset(counts), sounds, _heard(single), Costs(counts, single))


def _heard(single: Counter[str]) -> dict[str, list[str]]:
    """Merged sound -> its characters, the most frequent first."""
    heard: defaultdict[str, list[str]] = defaultdict(list)
    for char, _ in single.most_common():
        if _CHINESE.fullmatch(char):
            for code in pinyin.codes_of(char):
                heard[code].append(char)
    return {code: chars[:MOST] for code, chars in heard.items()}


def suspects(text: str) -> bool:
    """Whether a character that fits neither neighbour sounds like one that fits both."""
    pairs = load_pairs()
    rare = {*map(add, text, text[1:])}.difference(pairs.known)
    if len(rare) < 2:
        return False
    odd = {pair for pair in rare if pair.translate(pinyin.TABLE) in pairs.sounds}
    if len(odd) < 2:
        return False
    marks = [pair in odd for pair in map(add, text, text[1:])]
    return any(map(and_, marks, marks[1:]))


def apply(layer: Layer) -> Layer:
    """The layer in the characters that were meant; the same one when nothing earns a change."""
    loose = _loose(layer)
    readings = pinyin.readings(layer.text)
    _, edits = min(_decoded(tokens, layer.text, loose) for tokens in readings)
    return layer.replaced(edits, "pinyin") if edits else layer


def _loose(layer: Layer) -> frozenset[int]:
    """Places that may hold a wrong character: not common beside both neighbours, nobody's name,
    not what an emoji stands for."""
    text = layer.text
    if not suspects(text):
        return frozenset()
    known = [pair in load_pairs().known for pair in map(add, _STOP + text, text + _STOP)]
    return frozenset(
        i
        for i, char in enumerate(text)
        if not (known[i] and known[i + 1])
        and not layer.stage[i]
        and _CHINESE.fullmatch(char)
        and not in_name(text, i, i + 1)
    )


def _decoded(
    tokens: list[pinyin.Token], text: str, loose: frozenset[int]
) -> tuple[float, list[Edit]]:
    """(cost, changes): the best reading of each run of tokens that may be wrong."""
    choices = [_choices(token, text, loose) for token in tokens]
    total, edits = 0.0, []
    for _, group in groupby(range(len(tokens)), key=lambda i: len(choices[i]) > 1):
        run = list(group)
        if len(choices[run[0]]) > 1:
            left = choices[run[0] - 1][0][0] if run[0] else _STOP
            right = choices[run[-1] + 1][0][0] if run[-1] + 1 < len(tokens) else _STOP
            cost, chars = _best([choices[i] for i in run], left, right)
            total += cost
            edits += [
                (*tokens[i][1:], c)
                for i, c in zip(run, chars, strict=True)
                if text[slice(*tokens[i][1:])] != c
            ]
    return total, edits


def _choices(token: pinyin.Token, text: str, loose: frozenset[int]) -> Choice:
    code, start, end = token
    own, heard = text[start:end], load_pairs().heard.get(code, [])
    if len(own) > 1:
        return [(char, 0.0) for char in heard] or [(own[0], 0.0)]
    if start not in loose:
        return [(own, 0.0)]
    same = (char for char in heard if char != own and pinyin.same_sound(char, own))
    return [(own, 0.0), *((char, CHANGE) for char in same)]


def _best(choices: list[Choice], left: str, right: str) -> tuple[float, list[str]]:
    """Viterbi between two fixed neighbours: (cost, the character chosen at each place)."""
    costs = load_pairs().costs
    ends: dict[str, float] = {left: 0.0}
    steps: list[dict[str, str]] = []  # for each place: character -> the one before it
    for choice in [*choices, [(right, 0.0)]]:
        reached: dict[str, float] = {}
        before: dict[str, str] = {}
        for char, price in choice:
            cost, before[char] = min((held + costs[one + char], one) for one, held in ends.items())
            reached[char] = cost + price
        ends = reached
        steps.append(before)
    char, chars = right, []
    for before in reversed(steps):
        char = before[char]
        chars.append(char)
    return ends[right], chars[-2::-1]
