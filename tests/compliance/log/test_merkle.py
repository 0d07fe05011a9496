"""The tree against RFC 6962: its published vectors, its definition, and 482 and more false proofs."""

import hashlib
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.archive.log import merkle
from compliance.archive.log.merkle import ALGORITHMS, SHA256, SM3, Algorithm

# The leaves and roots of the reference implementation (certificate-transparency, merkle_tree_test).
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def by_definition(algorithm: Algorithm, leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, as it is written there."""
    if len(leaves) < 2:
        return leaves[0] if leaves else algorithm.empty
    k = merkle.split(len(leaves))
    return algorithm.node(
        by_definition(algorithm, leaves[:k]), by_definition(algorithm, leaves[k:])
    )


class Plain:
    """A tree over leaves in memory."""

    def __init__(self, size: int, algorithm: Algorithm = SHA256) -> None:
        self.algorithm = algorithm
        self.leaves = [algorithm.leaf(str(n).encode()) for n in range(size)]

    def node(self, height: int, index: int) -> bytes:
        low = index << height
        assert low + (1 << height) <= len(self.leaves)
        return by_definition(self.algorithm, self.leaves[low : low + (1 << height)])

    def hash(self, low: int, high: int) -> bytes:
        return merkle.range_hash(self.algorithm, low, high, self.node)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return [self.hash(*part) for part in merkle.inclusion_ranges(index, size)]

    def consistency(self, old: int, new: int) -> list[bytes]:
        return [self.hash(*part) for part in merkle.consistency_ranges(old, new)]


def test_the_published_roots() -> None:
    leaves = [SHA256.leaf(data) for data in LEAVES]
    for size, root in enumerate(ROOTS, 1):
        assert by_definition(SHA256, leaves[:size]).hex() == root
        assert merkle.fold(SHA256, leaves[:size]).hex() == root
    assert SHA256.empty == hashlib.sha256(b"").digest()


def test_sm3_is_the_standards_sm3() -> None:
    """GB/T 32905-2016, both examples."""
    assert SM3.hash(b"abc").hex() == (
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    )
    assert SM3.hash(b"abcd" * 16).hex() == (
        "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    )


def test_the_published_proofs() -> None:
    leaves = [SHA256.leaf(data) for data in LEAVES]
    tree = Plain(0)
    tree.leaves = leaves
    # Paths of the reference implementation: (leaf, size), counted from 1, and their first hashes.
    assert [h.hex()[:8] for h in tree.inclusion(0, 8)] == ["96a296d2", "5f083f0a", "6b47aaf2"]
    assert [h.hex()[:8] for h in tree.inclusion(5, 8)] == ["bc1a0643", "ca854ea1", "d37ee418"]
    assert [h.hex()[:8] for h in tree.inclusion(2, 3)] == ["fac54203"]
    assert [h.hex()[:8] for h in tree.consistency(6, 8)] == ["0ebc5d34", "ca854ea1", "d37ee418"]
    assert [h.hex()[:8] for h in tree.consistency(2, 5)] == ["5f083f0a", "bc1a0643"]


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda a: a.name)
def test_every_proof_of_every_small_tree(algorithm: Algorithm) -> None:
    tree = Plain(40, algorithm)
    roots = [by_definition(algorithm, tree.leaves[:size]) for size in range(41)]
    for size in range(1, 41):
        assert tree.hash(0, size) == roots[size]
        for index in range(size):
            proof = tree.inclusion(index, size)
            assert merkle.included(algorithm, index, size, tree.leaves[index], proof, roots[size])
        for old in range(size + 1):
            proof = tree.consistency(old, size)
            assert merkle.consistent(algorithm, old, size, roots[old], roots[size], proof)


@given(st.integers(0, 700), st.integers(0, 8))
def test_a_growing_tree_has_the_same_root(size: int, height: int) -> None:
    leaves = [SHA256.leaf(str(n).encode()) for n in range(size)]
    growing = merkle.Accumulator(SHA256)
    whole = size >> height << height
    step = 1 << height
    parts = [merkle.fold(SHA256, leaves[n : n + step]) for n in range(0, whole, step)]
    growing.extend(parts, height)
    growing.extend(leaves[whole:])
    assert growing.size == size
    assert growing.root() == by_definition(SHA256, leaves) == merkle.fold(SHA256, leaves)


def flip(data: bytes) -> bytes:
    return bytes([data[0] ^ 1, *data[1:]])


def damaged(proof: list[bytes], tree: Plain) -> Iterator[list[bytes]]:
    """A flipped bit in each hash, one removed, garbage before, after and in between."""
    garbage = (b"", b"\x00" * 32, tree.leaves[0])
    for n, part in enumerate(proof):
        yield [*proof[:n], flip(part), *proof[n + 1 :]]
        yield [*proof[:n], *proof[n + 1 :]]
        yield [*proof[:n], part, *proof[n:]]
    for extra in garbage:
        yield [extra, *proof]
        yield [*proof, extra]
    for n in range(len(proof) - 1):
        yield [*proof[:n], proof[n + 1], proof[n], *proof[n + 2 :]]


def false_inclusions(tree: Plain, index: int, size: int) -> Iterator[tuple]:
    leaf, proof, root = tree.leaves[index], tree.inclusion(index, size), tree.hash(0, size)
    for other in (index - 1, index + 1, index ^ 2, index + size):
        yield other, size, leaf, proof, root
    for other in (size * 2, size // 2):
        yield index, other, leaf, proof, root
    for wrong in (flip(leaf), b"", tree.leaves[(index + 1) % size], root):
        yield index, size, wrong, proof, root
    for wrong in (flip(root), b"", SHA256.empty, leaf):
        yield index, size, leaf, proof, wrong
    for wrong_proof in damaged(proof, tree):
        yield index, size, leaf, wrong_proof, root


def false_consistencies(tree: Plain, old: int, new: int) -> Iterator[tuple]:
    proof, first, second = tree.consistency(old, new), tree.hash(0, old), tree.hash(0, new)
    for other in (old - 1, old + 1, old ^ 2):
        yield other, new, first, second, proof
    for other in (new * 2, new // 2):
        yield old, other, first, second, proof
    for wrong in (flip(first), b"", SHA256.empty, second):
        yield old, new, wrong, second, proof
    for wrong in (flip(second), b"", SHA256.empty, first):
        yield old, new, first, wrong, proof
    yield old, new, second, first, proof
    for wrong_proof in damaged(proof, tree):
        yield old, new, first, second, wrong_proof


SIZES = (2, 3, 5, 8, 13, 21)


def test_false_inclusion_proofs_fail() -> None:
    tree, tried = Plain(50), 0
    for size in SIZES:
        for index in range(size):
            true = tree.inclusion(index, size)
            assert merkle.included(
                SHA256, index, size, tree.leaves[index], true, tree.hash(0, size)
            )
            for probe in false_inclusions(tree, index, size):
                same = (index, size, tree.leaves[index], true, tree.hash(0, size))
                if probe != same:
                    tried += 1
                    assert not merkle.included(SHA256, *probe), probe
    assert tried >= 482


def test_false_consistency_proofs_fail() -> None:
    tree, tried = Plain(50), 0
    for new in SIZES:
        for old in range(1, new):
            for probe in false_consistencies(tree, old, new):
                same = (old, new, tree.hash(0, old), tree.hash(0, new), tree.consistency(old, new))
                if probe != same:
                    tried += 1
                    assert not merkle.consistent(SHA256, *probe), probe
    assert tried >= 482


def test_what_cannot_be_asked() -> None:
    for index, size in ((-1, 4), (4, 4), (0, 0)):
        with pytest.raises(ValueError, match="outside"):
            merkle.inclusion_ranges(index, size)
    with pytest.raises(ValueError, match="cannot continue"):
        merkle.consistency_ranges(5, 4)
