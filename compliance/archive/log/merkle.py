"""RFC 6962 Merkle trees as pure functions: roots, inclusion and consistency proofs.

Works for any hash; the log keeps one tree with SHA-256 and one with SM3 over the same leaves.
A "node" is a complete subtree of 2**height leaves, numbered from the left; a "range" is [low, high).
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

Node = Callable[[int, int], bytes]
Range = tuple[int, int]


class _Hash(Protocol):
    """What hashlib gives."""

    @property
    def digest_size(self) -> int: ...
    def copy(self) -> "_Hash": ...
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...
    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A hash function and its uses in the tree; leaves and nodes are told apart by a prefix."""

    name: str
    # Looking an algorithm up by name costs more than hashing a node; a copy does not.
    begun: _Hash

    def hash(self, data: bytes) -> bytes:
        return next(self._hashed([data])).digest()

    def hash_all(self, rows: Sequence[bytes]) -> list[bytes]:
        """Of each row; verification hashes millions."""
        return [one.digest() for one in self._hashed(rows)]

    def hex_all(self, rows: Sequence[bytes]) -> list[str]:
        return [one.hexdigest() for one in self._hashed(rows)]

    def _hashed(self, rows: Sequence[bytes]) -> Iterator[_Hash]:
        """What all rows begin with is hashed once: leaves of one batch share more than half."""
        begun, shared = self.begun, _shared(rows)
        if shared:
            begun = begun.copy()
            begun.update(shared)
            rows = [row[len(shared) :] for row in rows]
        copy = begun.copy
        for row in rows:
            fresh = copy()
            fresh.update(row)
            yield fresh

    def leaf(self, data: bytes) -> bytes:
        return self.hash(b"\x00" + data)

    def node(self, left: bytes, right: bytes) -> bytes:
        return self.hash(b"\x01" + left + right)

    def parents(self, level: Sequence[bytes]) -> list[bytes]:
        """One node over each pair of neighbours; an odd last one is left out."""
        pairs = zip(level[::2], level[1::2], strict=False)
        return self.hash_all([b"\x01" + left + right for left, right in pairs])

    @property
    def empty(self) -> bytes:
        return self.hash(b"")


# Bytes that both functions take in at a time; a part of it saves nothing.
_BLOCK = 64


def _shared(rows: Sequence[bytes]) -> bytes:
    """What all rows begin with, in whole blocks."""
    if len(rows) < 2 or rows[0][:_BLOCK] != rows[-1][:_BLOCK]:
        return b""
    # What lies between the least and the greatest begins as both do.
    least, greatest = min(rows), max(rows)
    end = 0
    while end + _BLOCK <= len(least) and least.startswith(greatest[: end + _BLOCK]):
        end += _BLOCK
    return least[:end]


SHA256 = Algorithm("sha256", hashlib.sha256())
SM3 = Algorithm("sm3", hashlib.new("sm3"))
ALGORITHMS = (SHA256, SM3)


def split(size: int) -> int:
    """The largest power of two smaller than size (size > 1)."""
    return 1 << (size - 1).bit_length() - 1


def fold(algorithm: Algorithm, hashes: Sequence[bytes]) -> bytes:
    """Root over any number of adjacent equal-height nodes or leaves."""
    if not hashes:
        return algorithm.empty
    level = list(hashes)
    while len(level) > 1:
        level = algorithm.parents(level) + (level[-1:] if len(level) % 2 else [])
    return level[0]


def blocks(algorithm: Algorithm, joined: bytes, width: int) -> list[bytes]:
    """Roots of the complete blocks of `width` hashes, a power of two; a rest makes no block. The
    hashes stand one behind the other, as two neighbours do in what their node hashes."""
    size = algorithm.begun.digest_size
    level = joined[: len(joined) - len(joined) % (width * size)]
    for _ in range(width.bit_length() - 1):
        pairs = [b"\x01" + level[at : at + 2 * size] for at in range(0, len(level), 2 * size)]
        level = b"".join(algorithm.hash_all(pairs))
    return [level[at : at + size] for at in range(0, len(level), size)]


def peaks(low: int, high: int) -> list[tuple[int, int]]:
    """The complete subtrees (height, index) that make up a range, left to right."""
    found = []
    while low < high:
        height = (high - low).bit_length() - 1
        if low:
            height = min(height, (low & -low).bit_length() - 1)
        found.append((height, low >> height))
        low += 1 << height
    return found


def range_hash(algorithm: Algorithm, low: int, high: int, node: Node) -> bytes:
    """Hash of the subtree over a range as RFC 6962 splits it; node gives complete subtrees."""
    hashes = [node(height, index) for height, index in peaks(low, high)]
    if not hashes:
        return algorithm.empty
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = algorithm.node(left, root)
    return root


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The ranges whose hashes prove that leaf `index` is in a tree of `size`, leaf to root."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is outside a tree of {size}")
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + split(high - low)
        if index < middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low = middle
    return path[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The ranges whose hashes prove that a tree of `new` continues one of `old` leaves."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} cannot continue one of {old}")
    if old in (0, new):
        return []
    low, high, path, whole = 0, new, [], True
    while high != old:
        middle = low + split(high - low)
        if old <= middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low, whole = middle, False
    return ([] if whole else [(low, high)]) + path[::-1]


def root_from_inclusion(
    algorithm: Algorithm, index: int, size: int, leaf: bytes, proof: Sequence[bytes]
) -> bytes | None:
    """The root that the proof leads to, or None when the proof cannot belong to that leaf."""
    if not 0 <= index < size:
        return None
    number, last, root = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if number & 1 or number == last:
            root = algorithm.node(sibling, root)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            root = algorithm.node(root, sibling)
        number, last = number >> 1, last >> 1
    return root if last == 0 else None


def included(
    algorithm: Algorithm, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether the proof shows that `leaf` is number `index` of the tree of `size` under `root`."""
    return root_from_inclusion(algorithm, index, size, leaf, proof) == root


def consistent(
    algorithm: Algorithm,
    old: int,
    new: int,
    old_root: bytes,
    new_root: bytes,
    proof: Sequence[bytes],
) -> bool:
    """Whether the proof shows that the tree of `new` leaves begins with the tree of `old`."""
    if old > new or old < 0:
        return False
    if old in (0, new):
        same = old_root == (new_root if old else algorithm.empty)
        return same and not proof
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    return bool(path) and _leads_to(algorithm, (old, new), (old_root, new_root), path)


def _leads_to(
    algorithm: Algorithm, sizes: Range, roots: tuple[bytes, bytes], path: Sequence[bytes]
) -> bool:
    number, last = sizes[0] - 1, sizes[1] - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            first, second = algorithm.node(sibling, first), algorithm.node(sibling, second)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            second = algorithm.node(second, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and (first, second) == roots


class Accumulator:
    """Root of a growing tree from its peaks alone: O(log n) memory, for one walk over all leaves."""

    def __init__(self, algorithm: Algorithm) -> None:
        self.algorithm = algorithm
        self.size = 0
        self._peaks: list[bytes] = []

    def extend(self, nodes: Iterable[bytes], height: int = 0) -> None:
        """Adds complete subtrees of 2**height leaves; the size must be a multiple of that."""
        for node in nodes:
            self._push(node, height)

    def _push(self, root: bytes, height: int) -> None:
        number = self.size >> height
        while number & 1:
            root = self.algorithm.node(self._peaks.pop(), root)
            number >>= 1
        self._peaks.append(root)
        self.size += 1 << height

    def root(self) -> bytes:
        if not self._peaks:
            return self.algorithm.empty
        root = self._peaks[-1]
        for left in reversed(self._peaks[:-1]):
            root = self.algorithm.node(left, root)
        return root
