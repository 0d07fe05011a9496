"""The example sentences that models and counts are learned from: data/examples, one a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from operator import add

from compliance.rules.batch import STOP
from compliance.rules.grammar import DATA

BAD, CLEAN = "violations.txt", "clean.txt"


def text_of(name: str) -> str:
    return (DATA / "examples" / name).read_text(encoding="utf-8")


def sentences(name: str) -> Iterator[tuple[str, str]]:
    """(category, sentence) of one file."""
    for line in text_of(name).splitlines():
        if line and not line.startswith("#"):
            category, _, sentence = line.partition("\t")
            yield category, sentence


@dataclass(frozen=True)
class Counts:
    """How often people write two characters side by side, and each character alone."""

    pairs: Counter[str]
    single: Counter[str]


@cache
def counted() -> Counts:
    """Counted once per process; the ends of a sentence count as STOP."""
    counts = Counts(Counter(), Counter())
    for name in (BAD, CLEAN):
        for _, sentence in sentences(name):
            text = STOP + sentence + STOP
            counts.pairs.update(map(add, text, text[1:]))
            counts.single.update(text)
    return counts
