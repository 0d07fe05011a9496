"""Checks one part of the log and hands back what the whole needs: subtree hashes and faults."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from compliance.archive.log import merkle
from compliance.archive.log.leaves import Hashes
from compliance.archive.log.merkle import ALGORITHMS
from compliance.archive.log.purges import Purges
from compliance.archive.log.tree import WIDTH
from compliance.archive.verify.leaves import Checker
from compliance.archive.verify.reading import Row, leaf_rows
from compliance.archive.verify.verdict import Fault

# Leaves of one part; a multiple of WIDTH.
PART = 32 * WIDTH
_LENGTH = 32
# Both hashes of a leaf in hex, and what stands for those that are not there.
_HEX = 4 * _LENGTH
_GONE = "0" * _HEX
# All hashes by one algorithm, one behind the other.
Sides = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Part:
    """`blocks`: hashes of the complete subtrees of WIDTH leaves from `low` on. `ends`: for each
    wanted size inside the part, the hash of the leaves from the last complete block up to it."""

    low: int
    blocks: list[Hashes]
    ends: dict[int, Hashes]
    faults: list[Fault]
    messages: int

    def to_json(self) -> dict[str, Any]:
        return {
            "low": self.low,
            "blocks": [_hex(pair) for pair in self.blocks],
            "ends": {str(size): _hex(pair) for size, pair in self.ends.items()},
            "faults": [asdict(fault) for fault in self.faults],
            "messages": self.messages,
        }


def from_json(data: dict[str, Any]) -> Part:
    return Part(
        low=data["low"],
        blocks=[_bytes(pair) for pair in data["blocks"]],
        ends={int(size): _bytes(pair) for size, pair in data["ends"].items()},
        faults=[Fault(**fault) for fault in data["faults"]],
        messages=data["messages"],
    )


def _hex(pair: Hashes) -> list[str]:
    return [pair[0].hex(), pair[1].hex()]


def _bytes(pair: Sequence[str]) -> Hashes:
    return bytes.fromhex(pair[0]), bytes.fromhex(pair[1])


def check(low: int, high: int, ends: Iterable[int], purges: Purges) -> Part:
    """Leaves [low, high), low a multiple of WIDTH; `ends` are sizes in (low, high]."""
    found = leaf_rows(low, high)
    hashes = _in_order(found, low, high)
    sides, faults = _sides(hashes), _missing(hashes, low)
    faults += _times(found)
    checker = Checker(found, purges)
    faults += checker.faults()
    return Part(
        low=low,
        blocks=_blocks(sides),
        ends={size: _end(sides, size - low) for size in ends if size % WIDTH},
        faults=faults,
        messages=len(checker.asked.get("message", [])),
    )


def _in_order(found: Sequence[Row], low: int, high: int) -> list[str]:
    """The stored hashes of each leaf of the range; "" for one that is not there."""
    if [row[0] for row in found] == list(range(low, high)):
        return [row[4] for row in found]
    stored = {row[0]: row[4] for row in found}
    return [stored.get(index, "") for index in range(low, high)]


def _missing(hashes: Sequence[str], low: int) -> list[Fault]:
    return [
        Fault(f"第 {index} 号叶缺失或残缺，叶记录被删除。", index)
        for index, length in enumerate(map(len, hashes), low)
        if length != _HEX
    ]


def _sides(hashes: Sequence[str]) -> Sides:
    joined = bytes.fromhex("".join([both if len(both) == _HEX else _GONE for both in hashes]))
    both = np.frombuffer(joined, np.uint8).reshape(-1, 2, _LENGTH)
    return both[:, 0].tobytes(), both[:, 1].tobytes()


def _times(found: Sequence[Row]) -> list[Fault]:
    """Appending never goes back in time, so a leaf that does was not appended by us."""
    times = [row[5] for row in found]
    if times == sorted(times):
        return []
    return [
        Fault(f"第 {after[0]} 号叶的时间早于前一片，时间被回拨。", after[0])
        for before, after in itertools.pairwise(found)
        if after[5] < before[5]
    ]


def _blocks(sides: Sides) -> list[Hashes]:
    roots = (
        merkle.blocks(algorithm, side, WIDTH)
        for algorithm, side in zip(ALGORITHMS, sides, strict=True)
    )
    return list(zip(*roots, strict=True))


def _end(sides: Sides, count: int) -> Hashes:
    wanted = [at * _LENGTH for at in range(count - count % WIDTH, count)]
    first, second = (
        merkle.fold(algorithm, [side[at : at + _LENGTH] for at in wanted])
        for algorithm, side in zip(ALGORITHMS, sides, strict=True)
    )
    return first, second
