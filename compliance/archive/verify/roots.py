"""The recomputed tree: blocks of 256 leaves in memory, roots at any wanted size."""

from compliance.archive.log import merkle
from compliance.archive.log.leaves import Hashes
from compliance.archive.log.merkle import ALGORITHMS
from compliance.archive.log.tree import STEP, WIDTH, Side


class Roots:
    """`blocks`: one pair per complete block of the log, in order; `ends` as in parts.Part."""

    def __init__(self, blocks: list[Hashes], ends: dict[int, Hashes]) -> None:
        self.blocks = blocks
        self.ends = ends
        self._nodes: dict[tuple[int, int, int], bytes] = {}

    def node(self, side: Side, height: int, index: int) -> bytes:
        """Height counted in blocks: 0 is one block."""
        if height == 0:
            return self.blocks[index][side]
        key = (side, height, index)
        if key not in self._nodes:
            left = self.node(side, height - 1, index * 2)
            right = self.node(side, height - 1, index * 2 + 1)
            self._nodes[key] = ALGORITHMS[side].node(left, right)
        return self._nodes[key]

    def _root(self, side: Side, size: int) -> bytes:
        algorithm = ALGORITHMS[side]
        hashes = [self.node(side, h, i) for h, i in merkle.peaks(0, size // WIDTH)]
        if size % WIDTH:
            hashes.append(self.ends[size][side])
        if not hashes:
            return algorithm.empty
        root = hashes[-1]
        for left in reversed(hashes[:-1]):
            root = algorithm.node(left, root)
        return root

    def root(self, size: int) -> Hashes:
        return self._root(0, size), self._root(1, size)

    def subtree(self, height: int, index: int) -> Hashes | None:
        """A stored subtree (height in leaves, a multiple of STEP) as it must be, or None if the
        log is not that long."""
        blocks = height - STEP
        if blocks < 0 or (index + 1) << blocks > len(self.blocks):
            return None
        return self.node(0, blocks, index), self.node(1, blocks, index)

    def expected(self) -> set[tuple[int, int]]:
        """(height, index) of every subtree that must be stored."""
        wanted, count, height = set(), len(self.blocks), STEP
        while count:
            wanted |= {(height, index) for index in range(count)}
            count, height = count // WIDTH, height + STEP
        return wanted
