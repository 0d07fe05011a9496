"""python -m compliance.rules.learn [--check]: learn the wording model from data/examples.

Logistic regression by AdaGrad over feature counts, in plain Python with a fixed seed: the same
examples and classes give the same file. The thresholds come from five-fold cross-validation, so
they were set on sentences the model had not seen. `--check` prints the curve and writes nothing.
"""

from __future__ import annotations

import math
import random
import sys
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from compliance.lexicon.chars import CharTable
from compliance.lexicon.index import canonical
from compliance.lexicon.layers import Squeezer
from compliance.rules.batch import STOP
from compliance.rules.examples import BAD, CLEAN, sentences
from compliance.rules.grammar import DATA
from compliance.rules.wording import STRANGE, class_words, grams, scale

EPOCHS, RATE, DECAY, FOLDS, SEED = 15, 0.1, 1e-3, 5, 1
RARE = 2  # a feature of one example only would learn that example by heart
SLIGHT = 0.15  # three characters of less weight are left out: there are too many of them
# Of the clean examples, which were chosen to be hard, may be taken for violations: as usually
# written, and when the writing itself is suspicious.
FALSE_SHARE, HIDDEN_SHARE = 0.006, 0.035
LOST_SHARE = 0.055  # of the violations may be taken for harmless by the veto


@dataclass(frozen=True)
class Example:
    category: str
    bad: bool
    features: tuple[str, ...]
    scale: float


class Scored(NamedTuple):
    """What a model that did not see it says of an example: by itself, and beside a rule's finding,
    where strange pairs take nothing away."""

    alone: float
    beside: float
    bad: bool


class Thresholds(NamedTuple):
    """As in wording.Wording."""

    accept: float
    suspect: float
    veto: float


@dataclass
class Weights:
    values: dict[str, float]
    bias: float

    def score(self, row: Example) -> float:
        return sum(self.values.get(f, 0.0) for f in row.features) * row.scale + self.bias

    def held_back(self, row: Example) -> float:
        """What strange pairs take from the score before it is held against a sentence."""
        strange = sum(len(f) == 2 and f not in self.values for f in row.features)
        return strange * -STRANGE / 100 * row.scale


def features_of(text: str) -> tuple[str, ...]:
    classes, found = class_words(), grams(text)
    found += [text[i : i + 3] for i in range(len(text) - 2) if STOP not in text[i : i + 3]]
    for size in sorted({len(w) for w in classes}):
        for i in range(len(text) - size + 1):
            found += classes.get(text[i : i + size], ())
    return tuple(found)


def examples() -> list[Example]:
    table, squeezer = CharTable(frozenset()), Squeezer(frozenset())
    found: list[Example] = []
    for name, bad in ((BAD, True), (CLEAN, False)):
        for category, text in sentences(name):
            plain = canonical(text, table, squeezer).strip("。")
            found.append(Example(category, bad, features_of(plain), scale(plain)))
    return found


def is_three(feature: str) -> bool:
    """Three characters that stand in a text; `<` opens the name of a class."""
    return len(feature) == 3 and feature[0] != "<"


def fit(rows: list[Example], seed: int = SEED) -> Weights:
    counts = Counter(f for row in rows for f in set(row.features))
    vocabulary = {f: i for i, f in enumerate(sorted(f for f, n in counts.items() if n >= RARE))}
    coded = [[vocabulary[f] for f in row.features if f in vocabulary] for row in rows]
    weights, squares, bias = [0.0] * len(vocabulary), [1e-2] * len(vocabulary), 0.0
    order, rng = list(range(len(rows))), random.Random(seed)
    for _ in range(EPOCHS):
        rng.shuffle(order)
        for at in order:
            bias -= _step(coded[at], rows[at], weights, squares, bias)
    values = {f: weights[i] for f, i in vocabulary.items()}
    return Weights({f: w for f, w in values.items() if abs(w) >= SLIGHT or not is_three(f)}, bias)


def _step(
    code: list[int], row: Example, weights: list[float], squares: list[float], bias: float
) -> float:
    """One example; changes the weights in place and returns the step of the bias."""
    if not code:
        return 0.0
    factor = row.scale
    raw = sum(weights[i] for i in code) * factor + bias
    error = 1 / (1 + math.exp(-max(-30.0, min(30.0, raw)))) - row.bad
    for i in code:
        slope = error * factor + DECAY * weights[i]
        squares[i] += slope * slope
        weights[i] -= RATE * slope / math.sqrt(squares[i])
    return 0.02 * error


def cross_scores(rows: list[Example]) -> list[Scored]:
    order = list(range(len(rows)))
    random.Random(SEED).shuffle(order)
    scored: list[Scored] = []
    for fold in range(FOLDS):
        held = set(order[fold::FOLDS])
        model = fit([row for i, row in enumerate(rows) if i not in held])
        scored += [_scored(model, rows[i]) for i in sorted(held)]
    return scored


def _scored(model: Weights, row: Example) -> Scored:
    beside = model.score(row)
    return Scored(beside - model.held_back(row), beside, row.bad)


def thresholds(scored: list[Scored]) -> Thresholds:
    clean = sorted((one.alone for one in scored if not one.bad), reverse=True)
    bad = sorted(one.beside for one in scored if one.bad)
    accept, suspect = (clean[int(share * len(clean))] for share in (FALSE_SHARE, HIDDEN_SHARE))
    veto = min(bad[int(LOST_SHARE * len(bad))], suspect)
    return Thresholds(round(accept, 2), round(suspect, 2), round(veto, 2))


def _tallies(rows: list[Example]) -> tuple[dict[str, Counter[str]], Counter[str]]:
    """Feature -> how many violations of each category carry it; features per category."""
    tallies: dict[str, Counter[str]] = {}
    totals: Counter[str] = Counter()
    for row in rows:
        if row.bad and row.category != "mixed":
            for feature in {f for f in row.features if not is_three(f)}:
                tallies.setdefault(feature, Counter())[row.category] += 1
                totals[row.category] += 1
    return tallies, totals


def write(model: Weights, limits: Thresholds, rows: list[Example]) -> None:
    tallies, totals = _tallies(rows)
    lines = [
        "# Learned by compliance.rules.learn from data/examples; feature, weight * 100, examples.",
        "\t".join(f"{name}={limit}" for name, limit in limits._asdict().items())
        + f"\tbias={model.bias:.4f}",
        "\t".join(f"{name}:{totals[name]}" for name in sorted(totals)),
    ]
    for feature in sorted(model.values):
        tally = sorted(tallies.get(feature, Counter()).items())
        cells = [feature, str(round(100 * model.values[feature])), *(f"{n}:{k}" for n, k in tally)]
        lines.append("\t".join(cells))
    (DATA / "wording.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(argv: list[str]) -> int:
    rows = examples()
    scored = cross_scores(rows)
    limits = thresholds(scored)
    bad = [one.alone for one in scored if one.bad]
    clean = [one.alone for one in scored if not one.bad]
    print(f"{len(bad)} violations, {len(clean)} clean; {limits}")
    for cut in sorted({*limits, -1.0, 0.0, 1.0, 2.0}):
        found = sum(s > cut for s in bad) / len(bad)
        false = sum(s > cut for s in clean) / len(clean)
        print(f"above {cut:5.2f}: {found:6.1%} of violations, {false:6.1%} of clean")
    if "--check" not in argv:
        write(fit(rows), limits, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
