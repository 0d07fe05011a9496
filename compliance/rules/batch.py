"""Messages joined into one text, so that one pass of a matcher or of a table serves them all."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

STOP = "。"
UNITS = 1 << 16  # numbers a character may have in a table
Units = NDArray[np.uint16]
Places = NDArray[np.intp]
FAR = UNITS - 1  # stands for every character beyond the basic plane: no table knows one
_CODEC = "utf-16-le" if sys.byteorder == "little" else "utf-16-be"


def units(text: str) -> Units:
    """One number a character."""
    found = np.frombuffer(text.encode(_CODEC), np.uint16)
    if len(found) == len(text):
        return found
    return np.fromiter((min(ord(char), FAR) for char in text), np.uint16, len(text))


def characters(found: Units) -> str:
    """The text of `units` again."""
    return found.tobytes().decode(_CODEC)


class Batch:
    """STOP before, between and behind the texts: nothing reaches from one into the next."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.joined = f"{STOP}{STOP.join(texts)}{STOP}"
        self.units = units(self.joined)
        self.stops: Places = (self.units == ord(STOP)).nonzero()[0]
        self.bounds: list[int] = self.stops.tolist()
        self.bases: list[int] = []
        at = 1
        for text in texts:
            self.bases.append(at)
            at += len(text) + 1

    def sentence_at(self, at: int) -> int:
        """The number of the sentence that holds a place; a STOP belongs to what follows it."""
        return bisect_right(self.bounds, at) - 1

    def text_at(self, at: int) -> int:
        """The number of the text that holds a place."""
        return bisect_right(self.bases, at) - 1
