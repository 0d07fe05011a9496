"""A second opinion on the wording of a sentence: how much it resembles violations or harmless talk.

Rules know what they were told; this linear model weighs every character n-gram and every word
class of a sentence, so a promise in words that no rule lists still stands out, and a warning that
shares all words with its crime does not. Weights are learned by rules/learn.py from the sentences
in data/examples and shipped as a text file, one feature a line; nothing is learned at run time.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from operator import add

import numpy as np
from daachorse import CharwiseDoubleArrayAhoCorasick as Automaton
from numpy.typing import NDArray

from compliance.rules.batch import STOP, Batch, units
from compliance.rules.examples import counted
from compliance.rules.grammar import DATA, load_classes
from compliance.rules.neighbours import Cells, Neighbours, weights

SCALE = 3.0
WINDOW = 48
Span = tuple[int, int]
_REACH = 2.0  # three characters and more decide only where the rest comes this close to a finding
# What a pair weighs that fewer than two examples hold: of talk that it does not know the model
# shall say little. Learned it would be nothing, for the examples know each other's talk.
STRANGE = -45
_START, _END = "^$"


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
    return [*text, *_pairs(text)]


def _pairs(text: str) -> Iterator[str]:
    return map(add, text, text[1:])


def scale(sentence: str) -> float:
    """Long sentences have more features; their sum grows with the root of the length."""
    return SCALE / _root(len(sentence))


def _root(size: int) -> float:
    return math.sqrt(2 * size + 3)


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


@dataclass(frozen=True)
class Wording:
    """accept: a sentence above it is a finding by itself; suspect: so is one above this when it was
    written to be hidden; veto: a rule below it only observes.

    Weights are hundredths, so that sums are exact whatever their order.
    """

    accept: float
    suspect: float
    veto: float
    bias: float
    neighbours: Neighbours
    pairs: frozenset[str]  # that have a weight, STOP at the ends of a sentence
    ending: int
    words: list[str]  # three characters and class words beyond them, and their weights
    long: list[int]
    automaton: Automaton
    tallies: dict[str, dict[str, int]]
    totals: dict[str, int]
    limits: NDArray[np.int32]  # by length: no sum up to here is suspect
    # The last text and its scores, replaced as one: threads may share it.
    memory: list[tuple[str, list[tuple[float, Span]]]] = field(default_factory=lambda: [("", [])])

    def scores(self, text: str) -> list[tuple[float, Span]]:
        """(score, span) of each window; log-odds-like numbers, positive towards violation."""
        cells = self.neighbours.of(units(f"{STOP}{text}{STOP}"))
        sums = [0, *weights(cells).cumsum(dtype=np.int64).tolist()]
        words = self.automaton.find_overlapping(text)  # in the order of their ends
        ends = [to for _, to, _ in words]
        found: list[tuple[float, Span]] = []
        for start, end in windows(text):
            total = sums[end + 1] - sums[start] + self.ending
            inside = words[bisect_right(ends, start) : bisect_right(ends, end)]
            total += sum(self.long[i] for at, _, i in inside if start <= at)
            found.append((self._score(total, end - start), (start, end)))
        return found

    def candidates(self, batch: Batch, cells: Cells) -> Iterator[int]:
        """A place in each sentence of a batch that is suspect; a long one only may be."""
        totals = np.add.reduceat(weights(cells), batch.stops[:-1], dtype=np.int32)
        sizes = np.minimum(batch.stops[1:] - batch.stops[:-1] - 1, WINDOW + 1)
        for number in (totals > self.limits.take(sizes)).nonzero()[0].tolist():
            start, end = batch.bounds[number] + 1, batch.bounds[number + 1]
            if end - start > WINDOW or self._suspects(batch.joined[start:end], int(totals[number])):
                yield start

    def _suspects(self, sentence: str, total: int) -> bool:
        """Whether the score is high enough once what three characters weigh is added."""
        total += sum(self.long[i] for _, _, i in self.automaton.find_overlapping(sentence))
        return self._score(total + self.ending, len(sentence)) > self.suspect

    def _score(self, total: int, size: int) -> float:
        return total * SCALE / _root(size) / 100 + self.bias

    def _latest(self, text: str) -> list[tuple[float, Span]]:
        """`scores`, once for the many hits of one message: else a flood of hits costs its square."""
        known, found = self.memory[0]
        if known != text:
            found = self.scores(text)
            self.memory[0] = (text, found)
        return found

    def suspicious(self, text: str) -> list[tuple[float, Span]]:
        """The suspect windows, the worst first."""
        return sorted((unit for unit in self._latest(text) if unit[0] > self.suspect), reverse=True)

    def around(self, text: str, start: int, end: int) -> float:
        """The score of the sentence that holds text[start:end]; windows begin and end in order."""
        found = self._latest(text)
        first = bisect_right(found, start, key=lambda unit: unit[1][1])
        last = bisect_left(found, end, key=lambda unit: unit[1][0])
        told = (score + self._held_back(text[slice(*span)]) for score, span in found[first:last])
        return max(told, default=self.bias)

    def _held_back(self, sentence: str) -> float:
        """What its strange pairs took from the score: that the model does not know a sentence is
        no reason to doubt the rule that does."""
        strange = sum(pair not in self.pairs for pair in _pairs(f"{STOP}{sentence}{STOP}"))
        return -strange * STRANGE * SCALE / _root(len(sentence)) / 100

    def category(self, sentence: str) -> str:
        """The category whose examples share most with the sentence (naive Bayes)."""
        scores = dict.fromkeys(sorted(self.totals), 0.0)
        words = (self.words[i] for _, _, i in self.automaton.find_overlapping(sentence))
        for feature in [*grams(sentence), *(word for word in words if word in self.tallies)]:
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
    weighed: dict[str, int] = {}
    tallies: dict[str, dict[str, int]] = {}
    for word in {f for f in own if f[0] != "<" or len(f) < 3} | class_words().keys():
        parts = [own[f] for f in (word, *class_words().get(word, ())) if f in own]
        weighed[word] = sum(w for w, _ in parts)
        if len(word) < 3 or word in class_words():
            tallies[word] = dict(sum((tally for _, tally in parts), Counter[str]()))
    long = sorted(w for w in weighed if len(w) > 2)
    accept, suspect, veto, bias = (float(head[k]) for k in ("accept", "suspect", "veto", "bias"))
    ending, near = weighed.get(_END, 0), _unframed(weighed)
    return Wording(
        accept,
        suspect,
        veto,
        bias,
        Neighbours(near, counted().pairs, STRANGE),
        frozenset(pair for pair in near if len(pair) == 2),
        ending,
        long,
        [weighed[word] for word in long],
        Automaton(long),
        tallies,
        totals,
        _limits(suspect - _REACH - bias, ending),
    )


def _unframed(weighed: dict[str, int]) -> dict[str, int]:
    """The marks of both ends of a sentence written as the STOP that stands there in a text."""
    found = {word: n for word, n in weighed.items() if len(word) <= 2 and STOP not in word}
    starts = {STOP + word[1:]: found.pop(word) for word in list(found) if word[0] == _START}
    ends = {word[0] + STOP: found.pop(word) for word in list(found) if word[1:] == _END}
    found.pop(_END, None)
    return found | starts | ends


def _limits(needed: float, ending: int) -> NDArray[np.int32]:
    """Rounded down, so that the score decides in doubt; beyond WINDOW it always does."""
    sums = [math.floor(needed * 100 * _root(size) / SCALE) - 1 for size in range(WINDOW + 1)]
    return np.array([*(total - ending for total in sums), -(1 << 30)], np.int32)
