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
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from operator import add

import numpy as np
from numpy.typing import NDArray

from compliance.lexicon import pinyin
from compliance.lexicon.layers import Layer
from compliance.lexicon.names import in_name
from compliance.lexicon.segment import word_classes
from compliance.rules.batch import STOP, Units, units
from compliance.rules.examples import counted
from compliance.rules.neighbours import Cells, unknown
from compliance.rules.wording import load_wording

CHANGE = 2.2  # price of a changed character, in natural log units

LEAST = 3  # a pair is common from this count on
MOST = 12  # characters tried for one sound
_FREQUENT = 6  # class of a word that people write without a second thought
_REMEMBERED = 300_000  # pairs kept; strange texts must not fill the memory
_CHINESE = re.compile("[\u4e00-\u9fff]+")
Edit = tuple[int, int, str]
# Characters that may be meant: each with its price, and its bit among those of its sound.
Choice = list[tuple[str, float, int]]
# Character -> sound -> the bits of what commonly stands beside it.
Sides = dict[str, dict[str, int]]


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
class Heard:
    """The characters of each sound, the sounds of common pairs, the costs of all pairs."""

    chars: dict[str, list[str]]
    sounds: NDArray[np.bool_]  # row after row, one for each number of a sound
    costs: Costs
    after: Sides
    before: Sides


@cache
def load_heard() -> Heard:
    """Made once per process, when the first message comes."""
    counts = counted()
    common = [p for p, n in counts.pairs.items() if n >= LEAST and _CHINESE.fullmatch(p)]
    sounds = np.zeros((pinyin.SOUNDS, pinyin.SOUNDS), np.bool_)
    numbers = pinyin.numbers(units("".join(sorted(common))))
    sounds[numbers[::2], numbers[1::2]] = True
    sounds[0, :] = sounds[:, 0] = False
    chars = _heard(counts.single)
    costs = Costs(counts.pairs, counts.single)
    return Heard(chars, sounds.ravel(), costs, *_beside(counts.pairs, chars))


def _beside(pairs: Counter[str], chars: dict[str, list[str]]) -> tuple[Sides, Sides]:
    places: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for sound, group in chars.items():
        for place, char in enumerate(group):
            places[char].append((sound, 1 << place))
    after: defaultdict[str, dict[str, int]] = defaultdict(dict)
    before: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for one, other in (tuple(pair) for pair, count in pairs.items() if count >= LEAST):
        for sound, bit in places[other]:
            after[one][sound] = after[one].get(sound, 0) | bit
        for sound, bit in places[one]:
            before[other][sound] = before[other].get(sound, 0) | bit
    return dict(after), dict(before)


def _heard(single: Counter[str]) -> dict[str, list[str]]:
    """Merged sound -> its characters, the most frequent first."""
    heard: defaultdict[str, list[str]] = defaultdict(list)
    for char, _ in single.most_common():
        if _CHINESE.fullmatch(char):
            for code in pinyin.codes_of(char):
                heard[code].append(char)
    return {code: chars[:MOST] for code, chars in heard.items()}


def odd(found: Units, cells: Cells) -> NDArray[np.intp]:
    """The places of characters that fit neither neighbour but sound like one that fits both."""
    numbers = pinyin.numbers(found).astype(np.int32)
    pairs = numbers[:-1] * pinyin.SOUNDS
    pairs += numbers[1:]
    strange = load_heard().sounds.take(pairs)
    strange &= unknown(cells)
    return (strange[1:] & strange[:-1]).nonzero()[0] + 1


def apply(layer: Layer) -> Layer:
    """The layer in the characters that were meant; the same one when nothing earns a change."""
    loose, typed = _loose(layer), pinyin.typed(layer.text)
    if not loose and not typed:
        return layer
    start, end = _around(layer.text, [*loose, *typed])
    text, shifted = layer.text[start:end], frozenset(place - start for place in loose)
    readings = pinyin.readings(text)
    _, edits = min(_decoded(tokens, text, shifted) for tokens in readings)
    moved = [(at + start, to + start, meant) for at, to, meant in edits]
    return layer.replaced(moved, "pinyin") if moved else layer


def _around(text: str, places: list[int]) -> tuple[int, int]:
    """From the first of the places to the last, with a neighbour at each end and no Latin word cut."""
    start, end = min(places), max(places) + 1
    while start > 0 and (start == min(places) or text[start].isascii()):
        start -= 1
    while end < len(text) and (end == max(places) + 1 or text[end - 1].isascii()):
        end += 1
    return start, end


def _loose(layer: Layer) -> frozenset[int]:
    """Places that may hold a wrong character: not common beside both neighbours, nobody's name,
    not what an emoji stands for."""
    text = layer.text
    found = units(f"{STOP}{text}{STOP}")
    cells = load_wording().neighbours.of(found)
    if not len(odd(found, cells)):
        return frozenset()
    strange = unknown(cells)
    doubtful = (strange[:-1] | strange[1:]).nonzero()[0].tolist()
    return frozenset(i for i in doubtful if _may_be_wrong(layer, i))


def _may_be_wrong(layer: Layer, place: int) -> bool:
    if layer.stage[place] or not "\u4e00" <= layer.text[place] <= "\u9fff":
        return False
    return not (_in_word(layer.text, place) or in_name(layer.text, place, place + 1))


def _in_word(text: str, place: int) -> bool:
    """Whether a character makes a word with a neighbour: 登陆 is written for 登录 in good faith."""
    known = word_classes()
    words = (text[max(0, place - 1) : place + 1], text[place : place + 2])
    return any(len(word) == 2 and known.get(word, 0) >= _FREQUENT for word in words)


def _decoded(
    tokens: list[pinyin.Token], text: str, loose: frozenset[int]
) -> tuple[float, list[Edit]]:
    """(cost, changes): the best reading of each run of tokens that may be wrong."""
    open_places = [i for i, (_, s, e) in enumerate(tokens) if e > s + 1 or s in loose]
    choices = {i: _choices(tokens[i], text) for i in open_places}
    total, edits = 0.0, []
    for run in _runs([i for i in open_places if len(choices[i]) > 1]):
        left = _settled(run[0] - 1, tokens, text, choices)
        right = _settled(run[-1] + 1, tokens, text, choices)
        likely = _likely([tokens[i][0] for i in run], [choices[i] for i in run], left, right)
        cost, chars = _best(likely, left, right)
        total += cost
        said = [left, *chars, right]
        edits += [
            (*tokens[place][1:], said[i])
            for i, place in enumerate(run, 1)
            if text[slice(*tokens[place][1:])] != said[i] and _written(said[i - 1 : i + 2])
        ]
    return total, edits


def _likely(sounds: list[str], choices: list[Choice], left: str, right: str) -> list[Choice]:
    """Without the changes that would be common beside nothing that may stand next to them."""
    heard = load_heard()
    around = [[left], *([char for char, _, _ in choice] for choice in choices), [right]]
    kept: list[Choice] = []
    for place, (sound, choice) in enumerate(zip(sounds, choices, strict=True)):
        fits = _fits(heard.after, around[place], sound) | _fits(
            heard.before, around[place + 2], sound
        )
        kept.append([unit for unit in choice if not unit[1] or fits & unit[2]])
    return kept


def _fits(side: Sides, chars: list[str], sound: str) -> int:
    """The bits of the characters of a sound that commonly stand on that side of one of `chars`."""
    bits = 0
    for char in chars:
        if char in side:
            bits |= side[char].get(sound, 0)
    return bits


def _written(three: list[str]) -> bool:
    """Whether the middle one is common beside one of the others: else it is only less odd."""
    pairs = counted().pairs
    return max(pairs[three[0] + three[1]], pairs[three[1] + three[2]]) >= LEAST


def _runs(places: list[int]) -> Iterator[list[int]]:
    """Runs of neighbours."""
    for _, group in groupby(enumerate(places), key=lambda unit: unit[1] - unit[0]):
        yield [place for _, place in group]


def _settled(place: int, tokens: list[pinyin.Token], text: str, choices: dict[int, Choice]) -> str:
    """The one character that stands at a place beside a run."""
    if not 0 <= place < len(tokens):
        return STOP
    return choices[place][0][0] if place in choices else text[tokens[place][1]]


def _choices(token: pinyin.Token, text: str) -> Choice:
    code, start, end = token
    own = text[start:end]
    if len(own) > 1:
        return [(char, 0.0, 0) for char in load_heard().chars.get(code, [])] or [(own[0], 0.0, 0)]
    return _same(code, own)


@lru_cache(maxsize=8192)
def _same(code: str, own: str) -> Choice:
    """A character and those of the same sound; shared, so nobody may change it."""
    heard = load_heard().chars.get(code, [])
    same = (
        (char, CHANGE, 1 << place)
        for place, char in enumerate(heard)
        if char != own and pinyin.same_sound(char, own)
    )
    return [(own, 0.0, 0), *same]


def likelier(text: str, start: int, end: int, word: str) -> bool:
    """Whether people would rather write `word` there than what stands there."""
    costs = load_heard().costs
    left, right = text[start - 1 : start] or STOP, text[end : end + 1] or STOP
    written, meant = f"{left}{text[start:end]}{right}", f"{left}{word}{right}"
    prices = [sum(map(costs.__getitem__, map(add, one, one[1:]))) for one in (written, meant)]
    return prices[1] + CHANGE < prices[0]


def _best(choices: list[Choice], left: str, right: str) -> tuple[float, list[str]]:
    """Viterbi between two fixed neighbours: (cost, the character chosen at each place)."""
    costs = load_heard().costs
    ends: dict[str, float] = {left: 0.0}
    steps: list[dict[str, str]] = []  # for each place: character -> the one before it
    for choice in [*choices, [(right, 0.0, 0)]]:
        reached: dict[str, float] = {}
        before: dict[str, str] = {}
        for char, price, _ in choice:
            cost, before[char] = _cheapest(ends, char, costs)
            reached[char] = cost + price
        ends = reached
        steps.append(before)
    char, chars = right, []
    for before in reversed(steps):
        char = before[char]
        chars.append(char)
    return ends[right], chars[-2::-1]


def _cheapest(ends: dict[str, float], char: str, costs: Costs) -> tuple[float, str]:
    """The best way to a character: (cost, the one before it). The inner loop of the search."""
    best, before = math.inf, ""
    for one, held in ends.items():
        cost = held + costs[one + char]
        if cost < best or (cost == best and one < before):
            best, before = cost, one
    return best, before
