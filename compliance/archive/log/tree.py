"""The stored tree: hashes of complete subtrees of 256**n leaves beside the leaves themselves.

Any root or proof needs a few blocks of at most 256 hashes, whatever the size of the log.
"""

from collections.abc import Sequence
from typing import Literal

from compliance.archive.log import merkle
from compliance.archive.log.leaves import Hashes
from compliance.archive.log.merkle import ALGORITHMS
from compliance.models import LogLeaf, LogSubtree

STEP = 8
WIDTH = 1 << STEP
Side = Literal[0, 1]


def size() -> int:
    last = LogLeaf.objects.order_by("-index").values_list("index", flat=True).first()
    return 0 if last is None else last + 1


def hashes(height: int, low: int, high: int) -> list[Hashes]:
    """Stored hashes of the subtrees [low, high) of that height, a multiple of STEP."""
    if height:
        found = LogSubtree.objects.filter(height=height, index__gte=low, index__lt=high)
    else:
        found = LogLeaf.objects.filter(index__gte=low, index__lt=high)  # type: ignore[assignment]
    rows = found.order_by("index").values_list("sha256", "sm3")
    return [(bytes(sha256), bytes(sm3)) for sha256, sm3 in rows]


def root_pair(nodes: Sequence[Hashes]) -> Hashes:
    """Both roots over adjacent nodes of one height."""
    first, second = (
        merkle.fold(algorithm, [pair[side] for pair in nodes])
        for side, algorithm in enumerate(ALGORITHMS)
    )
    return first, second


def _roots(nodes: Sequence[Hashes]) -> list[Hashes]:
    """Both roots of each WIDTH nodes."""
    sides = zip(ALGORITHMS, zip(*nodes, strict=True), strict=True)
    roots = (merkle.blocks(algorithm, b"".join(side), WIDTH) for algorithm, side in sides)
    return list(zip(*roots, strict=True))


def grow(first: int, new: Sequence[Hashes]) -> None:
    """Stores the subtrees that the leaves [first, …) complete; the leaves are stored already."""
    height, low, fresh = 0, first, list(new)
    while fresh and (low + len(fresh)) // WIDTH > low // WIDTH:
        start = low - low % WIDTH
        row = hashes(height, start, low) + fresh
        fresh = _roots(row)
        height, low = height + STEP, start // WIDTH
        LogSubtree.objects.bulk_create(
            [
                LogSubtree(height=height, index=number, sha256=pair[0], sm3=pair[1])
                for number, pair in enumerate(fresh, low)
            ]
        )


class Tree:
    """The log at one size; keeps the blocks that it has read."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._blocks: dict[tuple[int, int], list[Hashes]] = {}

    def _block(self, height: int, number: int) -> list[Hashes]:
        key = (height, number)
        if key not in self._blocks:
            self._blocks[key] = hashes(height, number * WIDTH, (number + 1) * WIDTH)
        return self._blocks[key]

    def node(self, side: Side, height: int, index: int) -> bytes:
        base = height - height % STEP
        span = 1 << height - base
        start = index * span
        block = self._block(base, start // WIDTH)
        offset = start % WIDTH
        part = [pair[side] for pair in block[offset : offset + span]]
        return merkle.fold(ALGORITHMS[side], part)

    def range_hash(self, side: Side, low: int, high: int) -> bytes:
        return merkle.range_hash(
            ALGORITHMS[side], low, high, lambda height, index: self.node(side, height, index)
        )

    def root(self, size: int | None = None) -> Hashes:
        """Both roots of the first `size` leaves (all, unless told)."""
        wanted = self.size if size is None else size
        return self.range_hash(0, 0, wanted), self.range_hash(1, 0, wanted)

    def inclusion(self, side: Side, index: int) -> list[bytes]:
        ranges = merkle.inclusion_ranges(index, self.size)
        return [self.range_hash(side, low, high) for low, high in ranges]

    def consistency(self, side: Side, old: int) -> list[bytes]:
        ranges = merkle.consistency_ranges(old, self.size)
        return [self.range_hash(side, low, high) for low, high in ranges]
