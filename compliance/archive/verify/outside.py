"""Heads, their mirror, and the anchor file against the recomputed tree."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from django.conf import settings

from channels.providers import tsa
from channels.providers.base import ProviderError
from compliance.archive.log import anchor_file, anchors, heads
from compliance.archive.log.anchor_file import PREFIX, Line
from compliance.archive.log.heads import SignedHead
from compliance.archive.verify.roots import Roots
from compliance.archive.verify.verdict import Fault
from compliance.models import LogAnchor, LogHead, LogLeaf


@dataclass(frozen=True, slots=True)
class Outside:
    """What lies outside the database, and its mirror inside, read before the database's snapshot
    is taken: a line is written after its head is committed and before its mirror."""

    mirrors: list[LogAnchor]
    lines: list[Line | None]

    @property
    def readable(self) -> list[Line]:
        return [line for line in self.lines if line is not None]

    @property
    def last(self) -> Line | None:
        return self.readable[-1] if self.readable else None


def read() -> Outside:
    mirrors = list(LogAnchor.objects.select_related("head").order_by("number"))
    return Outside(mirrors, list(anchor_file.read(Path(anchors.path()))))


def chain_faults(outside: Outside) -> Iterator[Fault]:
    """The file by itself: numbers, links, keys, times, time stamps."""
    lines = outside.readable
    if lines and (lines[0].number, lines[0].previous) != (1, ""):
        yield Fault(f"锚文件从第 {lines[0].number} 行开始，之前的锚丢失。")
    for before, line in pairwise(lines):
        yield from _link_faults(before, line)
    for line in lines:
        fault = line.signed.fault()
        if fault:
            yield Fault(f"锚文件第 {line.number} 行{fault}。")
        yield from _stamp_faults(line)


def _link_faults(before: Line, line: Line) -> Iterator[Fault]:
    old, new = before.signed.head, line.signed.head
    if line.number != before.number + 1 or line.previous != before.hash:
        yield Fault(f"锚文件第 {line.number} 行没有接在第 {before.number} 行之后，锚文件被改动。")
    if new.size <= old.size or new.at < old.at:
        yield Fault(f"锚文件第 {line.number} 行的规模或时间早于前一行。")
    if len(line.leaves) != (new.size - old.size) * PREFIX:
        yield Fault(f"锚文件第 {line.number} 行的叶前缀数目不符。")


def _stamp_faults(line: Line) -> Iterator[Fault]:
    """A token is checked wherever there is one; without the authority's root it cannot be."""
    if not line.token:
        return
    if not settings.TSA_CA_PATH:
        yield Fault(f"锚文件第 {line.number} 行有时间戳，但没有配置 TSA_CA_PATH，无法核对。")
        return
    try:
        tsa.check(line.token, line.bare)
    except tsa.TokenInvalid:
        yield Fault(f"锚文件第 {line.number} 行的时间戳不是这一行的，时间戳被调换。")
    except ProviderError as error:
        yield Fault(f"锚文件第 {line.number} 行的时间戳无法核对：{error.message}")


def mirror_faults(outside: Outside) -> Iterator[Fault]:
    lines = {line.number: line for line in outside.readable}
    for row in outside.mirrors:
        line = lines.get(row.number)
        if line is None:
            yield Fault(f"锚文件缺少第 {row.number} 行，锚文件被截短或替换。")
        elif (line.hash, line.signed) != (row.line_hash, heads.of_row(row.head)):
            yield Fault(f"锚文件第 {row.number} 行与库内登记不一致，其中一处被改动。")


def head_faults(
    rows: Sequence[LogHead], size: int, roots: Roots, known: set[int]
) -> Iterator[Fault]:
    """`known`: leaves already found changed; a root over them is wrong because they are."""
    for row in rows:
        signed = heads.of_row(row)
        why = signed.fault()
        if not why and not _explained(known, row.size):
            why = _root_fault(signed, size, roots)
        if why:
            yield Fault(f"链头（规模 {row.size}）{why}。")
    for before, after in pairwise(rows):
        if after.at < before.at:
            yield Fault(f"链头（规模 {after.size}）的时间早于前一个，时间被回拨。")


def _root_fault(signed: SignedHead, size: int, roots: Roots) -> str:
    head = signed.head
    if head.size > size:
        return f"大于现有的 {size} 片叶，末尾的记录被删除"
    sha256, sm3 = roots.root(head.size)
    return "" if (sha256.hex(), sm3.hex()) == (head.sha256, head.sm3) else "与重算的树不一致"


def _explained(known: set[int], size: int) -> bool:
    return any(index < size for index in known)


def line_faults(outside: Outside, size: int, roots: Roots, known: set[int]) -> Iterator[Fault]:
    """Which leaves are not those that were anchored: told apart by the prefixes in the file.
    Adds them to `known`."""
    start = 0
    for line in outside.readable:
        head = line.signed.head
        if _root_fault(line.signed, size, roots):
            for fault in _changed(line, start, size):
                known.add(fault.index or 0)
                yield fault
            if head.size > size:
                yield Fault(
                    f"第 {line.number} 次锚定时有 {head.size} 片叶，现在只有 {size} 片："
                    f"第 {size} 号叶起的记录被删除或库被回退。",
                    size,
                )
                known.add(size)
                return
            if not _explained(known, head.size):
                yield Fault(f"第 {line.number} 次锚定（规模 {head.size}）与重算的树不一致。")
        start = head.size


def _changed(line: Line, start: int, size: int) -> Iterator[Fault]:
    end = min(line.signed.head.size, size)
    for index, prefix in _prefixes(start, end):
        at = (index - start) * PREFIX
        if line.leaves[at : at + PREFIX] != prefix:
            yield Fault(
                f"第 {index} 号叶不是第 {line.number} 次锚定时的那一片，记录与叶被一并改写。", index
            )


def _prefixes(start: int, end: int) -> Iterable[tuple[int, bytes]]:
    rows = LogLeaf.objects.filter(index__gte=start, index__lt=end).order_by("index")
    for index, sha256 in rows.values_list("index", "sha256"):
        yield index, bytes(sha256)[:PREFIX]
