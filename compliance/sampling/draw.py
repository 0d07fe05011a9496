"""The draw itself: pure, repeatable, even within each stratum."""

import hashlib
import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Stratum = TypeVar("Stratum", bound=Hashable)


def rank(seed: str, key: int) -> bytes:
    """Where a message stands in the shuffled order that this seed gives."""
    return hashlib.sha256(f"{seed}:{key}".encode()).digest()


def quota(size: int, percent: float, minimum: int) -> int:
    """How many of a stratum of that size are taken: its share, but never fewer than `minimum`."""
    return min(size, max(minimum, math.ceil(size * percent / 100)))


def draw(
    strata: Mapping[Stratum, Sequence[int]], *, seed: str, percent: float, minimum: int
) -> list[int]:
    """Keys taken from all strata, sorted. The order in which keys are given does not matter."""
    taken: list[int] = []
    for keys in strata.values():
        shuffled = sorted(keys, key=lambda key: rank(seed, key))
        taken += shuffled[: quota(len(shuffled), percent, minimum)]
    return sorted(taken)
