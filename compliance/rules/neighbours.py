"""Every two characters that may stand side by side, as one number in one table.

The table says what the pair weighs in the wording model and whether people write it at all, so that
one look-up a character serves both questions, for a whole batch of messages at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compliance.rules.batch import FAR, UNITS, Units, units

Cells = NDArray[np.int16]
Numbers = NDArray[np.int32]


class Alphabet:
    """Numbers for the characters of some words; 0 is any other character."""

    def __init__(self, words: Iterable[str]) -> None:
        known = sorted({ord(char) for word in words for char in word})
        self.width = len(known) + 1
        self.numbers = np.zeros(UNITS, np.uint16)
        self.numbers[known] = np.arange(1, self.width)

    def pairs(self, found: Units) -> Numbers:
        """One number for each two neighbours, below width * width."""
        numbers = self.numbers.take(found).astype(np.int32)
        codes = numbers[:-1] * self.width
        codes += numbers[1:]
        return codes

    def of(self, pairs: Sequence[str]) -> Numbers:
        """The number of each pair."""
        return self.pairs(units("".join(pairs)))[::2]


class Neighbours:
    """`weights`: pair or character -> its weight, a whole number; `known`: pairs people write;
    `strange`: what a pair weighs that has no weight of its own."""

    def __init__(self, weights: Mapping[str, int], known: Iterable[str], strange: int = 0) -> None:
        weighed = {w: n for w, n in weights.items() if len(w) <= 2 and near(w)}
        written = {pair for pair in known if near(pair)}
        self.alphabet = Alphabet(weighed.keys() | written)
        table = np.full((self.alphabet.width, self.alphabet.width), strange, np.int32)
        self._fill(table, weighed, strange)
        cells = (table * 2).ravel()
        cells[self.alphabet.of(sorted(written))] += 1
        if np.abs(cells).max() >= 1 << 15:
            raise ValueError("a weight is too large for the table of neighbours")
        self.cells: Cells = cells.astype(np.int16)

    def _fill(self, table: Numbers, weights: Mapping[str, int], strange: int) -> None:
        """A pair also carries the weight of its first character."""
        for char, weight in weights.items():
            if len(char) == 1:
                table[self.alphabet.numbers[ord(char)], :] += weight
        pairs = sorted(word for word in weights if len(word) == 2)
        table.ravel()[self.alphabet.of(pairs)] += [weights[pair] - strange for pair in pairs]

    def of(self, found: Units) -> Cells:
        """One cell for each two neighbours; read them by `weights` and `unknown`."""
        return self.cells.take(self.alphabet.pairs(found))


def near(word: str) -> bool:
    """Whether a table of code units can know a word."""
    return max(map(ord, word)) < FAR


def weights(cells: Cells) -> NDArray[np.signedinteger[Any]]:
    """What each two neighbours weigh."""
    return cells >> 1


def unknown(cells: Cells) -> NDArray[np.bool_]:
    """Whether people do not write these two side by side."""
    return (cells & 1) == 0
