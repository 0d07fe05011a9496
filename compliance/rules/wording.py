"""A second opinion on the wording of a sentence: how much it resembles violations or harmless talk.

Rules know what they were told; this linear model weighs every character n-gram and every word
class of a sentence, so a promise in words that no rule lists still stands out, and a warning that
shares all words with its crime does not. Weights are learned by rules/learn.py from the sentences
in data/examples and shipped as a text file, one feature a line; nothing is learned at run time.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from operator import add

from daachorse import CharwiseDoubleArrayAhoCorasick as Automaton

from compliance.rules.grammar import DATA, load_classes

SCALE = 3.0
WINDOW = 48
_ROOTS = [math.sqrt(2 * size + 3) for size in range(2 * WINDOW)]
Span = tuple[int, int]
_REMEMBERED = 300_000
_START, _END = "^$"
STOP = "。"
_UNKNOWN = "\uffff"
_FAR = re.compile("[\U00010000-\U0010ffff]")


@cache
def class_words() -> dict[str, tuple[str, ...]]:
    """Word -> the names of its classes; one character alone says too little."""
    found: dict[str, tuple[str, ...]] = {}
    for name, words in load_classes().items():
        for word in words:
            if len(word) > 1:
                found[word] = (*found.get(word, ()), f"<{name}>")
    return found


def framed(sentence: str) -> str:
    """The characters at both ends are features of their own."""
    return f"{_START}{sentence}{_END}"


def grams(sentence: str) -> list[str]:
    """Every character and every pair of neighbours, as often as they stand there."""
    text = framed(sentence)
    return [*text, *map(add, text, text[1:])]


def scale(sentence: str) -> float:
    """Long sentences have more features; their sum grows with the root of the length."""
    return SCALE / math.sqrt(2 * len(sentence) + 3)


def windows(text: str) -> list[Span]:
    """Sentences; a long one in overlapping runs of clauses, so that filler cannot dilute it."""
    found: list[Span] = []
    at = 0
    for part in text.split(STOP):
        if len(part) > WINDOW:
            found += _runs(text, at, at + len(part))
        elif part:
            found.append((at, at + len(part)))
        at += len(part) + 1
    return found


def _runs(text: str, start: int, end: int) -> Iterator[Span]:
    cuts = [start]
    while cuts[-1] < end:
        comma = text.find("，", cuts[-1], min(end, cuts[-1] + WINDOW // 2))
        cuts.append(comma + 1 if comma >= 0 else min(end, cuts[-1] + WINDOW // 2))
    for index in range(len(cuts) - 1):
        yield cuts[index], cuts[min(index + 2, len(cuts) - 1)]


def _code(pair: str) -> int:
    """Two characters of the basic plane as one number."""
    return int.from_bytes(pair.encode("utf-16-le"), sys.byteorder)


def _framed_units(text: str) -> bytes:
    """STOP, text, STOP in two bytes a character; the model knows none beyond the basic plane."""
    units = f"{STOP}{text}{STOP}".encode("utf-16-le")
    if len(units) == 2 * len(text) + 4:
        return units
    return f"{STOP}{_FAR.sub(_UNKNOWN, text)}{STOP}".encode("utf-16-le")


class Pairs(dict[int, float]):
    """Two neighbours -> the weight of the pair and of its first character: one look-up for both.

    Keyed by number, because making a string of every two neighbours took most of the time.
    """

    def __init__(self, weights: dict[str, float]) -> None:
        pairs = (w for w in weights if len(w) == 2 and not _FAR.search(w))
        super().__init__({_code(w): weights[w] + weights.get(w[0], 0.0) for w in pairs})
        self.weights = weights

    def __missing__(self, code: int) -> float:
        two = code.to_bytes(4, sys.byteorder).decode("utf-16-le")
        first = _START if two[0] == STOP else two[0]
        pair = first + (_END if two[1] == STOP else two[1])
        value = self.weights.get(pair, 0.0) + self.weights.get(first, 0.0)
        if len(self) < _REMEMBERED:
            self[code] = value
        return value

    def of(self, text: str) -> list[float]:
        """Values of the neighbours in STOP + text + STOP."""
        units = _framed_units(text)
        even = memoryview(units[: len(units) // 4 * 4]).cast("I")
        odd = memoryview(units[2 : 2 + (len(units) - 2) // 4 * 4]).cast("I")
        found = [0.0] * (len(units) // 2 - 1)
        found[::2] = map(self.__getitem__, even)
        found[1::2] = map(self.__getitem__, odd)
        return found


@dataclass(frozen=True)
class Wording:
    """accept: a sentence above it is a finding by itself; veto: a rule below it only observes."""

    accept: float
    veto: float
    bias: float
    pairs: Pairs
    ending: float
    words: list[str]  # class words of three characters and more, and their weights
    long: list[float]
    automaton: Automaton
    tallies: dict[str, dict[str, int]]
    totals: dict[str, int]
    # The last text and its scores, replaced as one: threads may share it.
    memory: list[tuple[str, list[tuple[float, Span]]]] = field(default_factory=lambda: [("", [])])

    def scores(self, text: str) -> list[tuple[float, Span]]:
        """(score, span) of each sentence; log-odds-like numbers, positive towards violation."""
        values = self.pairs.of(text)
        long = [(at, to, self.long[i]) for at, to, i in self.automaton.find_overlapping(text)]
        found: list[tuple[float, Span]] = []
        for start, end in windows(text):
            total = sum(values[start : end + 1], self.ending)
            for at, to, weight in long:
                if start <= at and to <= end:
                    total += weight
            size = end - start
            root = _ROOTS[size] if size < len(_ROOTS) else math.sqrt(2 * size + 3)
            found.append((total * SCALE / root + self.bias, (start, end)))
        return found

    def _latest(self, text: str) -> list[tuple[float, Span]]:
        """`scores`, once for the many hits of one message: else a flood of hits costs its square."""
        known, found = self.memory[0]
        if known != text:
            found = self.scores(text)
            self.memory[0] = (text, found)
        return found

    def best(self, text: str) -> tuple[float, Span] | None:
        return max(self._latest(text), default=None)

    def around(self, text: str, start: int, end: int) -> float:
        """The score of the sentence that holds text[start:end]."""
        held = [score for score, (s, e) in self._latest(text) if s < end and e > start]
        return max(held, default=self.bias)

    def category(self, sentence: str) -> str:
        """The category whose examples share most with the sentence (naive Bayes)."""
        scores = dict.fromkeys(sorted(self.totals), 0.0)
        long = [self.words[i] for _, _, i in self.automaton.find_overlapping(sentence)]
        for feature in grams(sentence) + long:
            tally = self.tallies.get(feature, {})
            for name in scores:
                scores[name] += math.log((tally.get(name, 0) + 0.2) / self.totals[name])
        return max(scores, key=lambda name: scores[name])


@cache
def load_wording() -> Wording:
    """The shipped model; raises ValueError when the file was damaged."""
    lines = (DATA / "wording.tsv").read_text(encoding="utf-8").splitlines()
    head = dict(cell.split("=") for cell in lines[1].split("\t"))
    totals = {name: int(count) for name, count in (c.split(":") for c in lines[2].split("\t"))}
    own: dict[str, tuple[int, Counter[str]]] = {}
    for line in lines[3:]:
        feature, weight, *counts = line.split("\t")
        tally = Counter({n: int(k) for n, k in (cell.split(":") for cell in counts)})
        own[feature] = (int(weight), tally)
    return _merged(head, totals, own)


def _merged(
    head: dict[str, str], totals: dict[str, int], own: dict[str, tuple[int, Counter[str]]]
) -> Wording:
    """A class word carries the weights of its classes, so that only words need be looked up."""
    weights: dict[str, float] = {}
    tallies: dict[str, dict[str, int]] = {}
    for word in {f for f in own if f[0] != "<" or len(f) < 3} | class_words().keys():
        parts = [own[f] for f in (word, *class_words().get(word, ())) if f in own]
        weights[word] = sum(w for w, _ in parts) / 100
        tallies[word] = dict(sum((tally for _, tally in parts), Counter[str]()))
    long = sorted(w for w in weights if len(w) > 2)
    accept, veto, bias = (float(head[k]) for k in ("accept", "veto", "bias"))
    return Wording(
        accept,
        veto,
        bias,
        Pairs(weights),
        weights.get(_END, 0.0),
        long,
        [weights[word] for word in long],
        Automaton(long),
        tallies,
        totals,
    )
