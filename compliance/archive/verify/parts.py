"""Checks one part of the log and hands back what the whole needs: subtree hashes and faults."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

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
_GONE = b"\x00" * _LENGTH
Sides = tuple[list[bytes], list[bytes]]


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
    sides, faults = _in_order(found, low, high)
    faults += _times(found)
    faults += Checker(found, purges).faults()
    return Part(
        low=low,
        blocks=_blocks(sides),
        ends={size: _end(sides, size - low) for size in ends if size % WIDTH},
        faults=faults,
        messages=sum(row[1] == "message" for row in found),
    )


def _in_order(found: Sequence[Row], low: int, high: int) -> tuple[Sides, list[Fault]]:
    """The stored hashes of the range, one list for each algorithm, and the leaves that lack them."""
    stored = {row[0]: bytes(row[4]) for row in found}
    hashes = [stored.get(index, b"") for index in range(low, high)]
    faults = [
        Fault(f"第 {index} 号叶缺失或残缺，叶记录被删除。", index)
        for index, length in enumerate(map(len, hashes), low)
        if length != 2 * _LENGTH
    ]
    first = [both[:_LENGTH] or _GONE for both in hashes]
    return (first, [both[_LENGTH:] or _GONE for both in hashes]), faults


def _times(found: Sequence[Row]) -> list[Fault]:
    """Appending never goes back in time, so a leaf that does was not appended by us."""
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
    first, second = (
        merkle.fold(algorithm, side[count - count % WIDTH : count])
        for algorithm, side in zip(ALGORITHMS, sides, strict=True)
    )
    return first, second
