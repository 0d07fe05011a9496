"""The whole verification: every row again, the tree, the heads, the anchors, one verdict."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from compliance.archive.log import tree
from compliance.archive.log.tree import WIDTH
from compliance.archive.verify import outside, tables, workers
from compliance.archive.verify.outside import Outside
from compliance.archive.verify.parts import PART, Part
from compliance.archive.verify.roots import Roots
from compliance.archive.verify.verdict import Fault, Verdict, distinct
from compliance.models import LogHead, LogLeaf, LogSubtree
from scrm.audit.models import AuditEvent
from scrm.audit.services import record
from scrm.core.actors import Actor


def archive_verify(*, actor: Actor, incremental: bool = False) -> Verdict:
    """Verifies and writes the verdict to the audit trail, good or bad.

    Incremental: leaves up to the last anchor that a verification found in order are not recomputed
    from their rows; their stored hashes must still give the anchored root.
    """
    verdict = verify(start=_verified_size() if incremental else 0)
    record(
        "archive.verify",
        actor=actor,
        label=verdict.sentence,
        after={
            "ok": verdict.ok,
            "size": verdict.size,
            "anchored": verdict.anchored,
            "checked": verdict.checked,
            "faults": [fault.sentence for fault in verdict.faults[:20]],
            "head": verdict.root,
            "sealed": verdict.messages,
        },
    )
    return verdict


def _verified_size() -> int:
    """Leaves that the last good verification found anchored."""
    event = AuditEvent.objects.filter(action="archive.verify", after__ok=True).first()
    return int(event.after.get("anchored", 0)) if event else 0


def verify(*, start: int = 0) -> Verdict:
    """Reads every row from leaf `start` on (rounded down to a block); never a stored verdict."""
    found_outside = outside.read()
    with _snapshot():
        return _verify(found_outside, start - start % WIDTH)


@contextmanager
def _snapshot() -> Iterator[None]:
    """One view of the database for all checks, so that concurrent work is no false alarm."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _verify(found: Outside, start: int) -> Verdict:
    size, heads = tree.size(), list(LogHead.objects.order_by("size"))
    sizes = {row.size for row in heads} | {line.signed.head.size for line in found.readable}
    sizes = {one for one in sizes if one <= size} | {size}
    checked, (outer, inner) = workers.check_all(_jobs(start, size, sizes), lambda: _beside(found))
    roots = _roots(start, checked, sizes)
    faults = [fault for part in checked for fault in part.faults]
    known = {fault.index for fault in faults if fault.index is not None}
    faults += outer
    faults += outside.line_faults(found, size, roots, known)
    faults += outside.head_faults(heads, size, roots, known)
    faults += _subtree_faults(roots)
    faults += inner
    return _verdict(found, size, start, checked, roots, distinct(faults))


def _beside(found: Outside) -> tuple[list[Fault], list[Fault]]:
    """Faults that need no recomputed tree: of the anchor file, of the tables."""
    outer = [*outside.chain_faults(found), *outside.mirror_faults(found)]
    return outer, list(tables.faults())


def _jobs(start: int, size: int, sizes: set[int]) -> list[workers.Job]:
    lows = range(start, size, PART)
    ordered = sorted(sizes)
    return [
        (low, min(low + PART, size), [s for s in ordered if low < s <= low + PART]) for low in lows
    ]


def _roots(start: int, checked: list[Part], sizes: set[int]) -> Roots:
    """Blocks before `start` come from the stored subtrees, the others were recomputed."""
    blocks = tree.hashes(tree.STEP, 0, start // WIDTH)
    ends = {}
    for size in sizes:
        if size < start and size % WIDTH:
            low = size - size % WIDTH
            ends[size] = tree.root_pair(tree.hashes(0, low, size))
    for part in checked:
        blocks += part.blocks
        ends |= part.ends
    return Roots(blocks, ends)


def _subtree_faults(roots: Roots) -> Iterator[Fault]:
    """Proofs are made from the stored subtrees, so these must be right too."""
    missing = roots.expected()
    for row in LogSubtree.objects.order_by("height", "index").iterator():
        missing.discard((row.height, row.index))
        if roots.subtree(row.height, row.index) != (bytes(row.sha256), bytes(row.sm3)):
            low = row.index << row.height
            yield Fault(f"存储的子树（第 {low} 号叶起 {1 << row.height} 片）与重算的不一致。")
    for height, index in sorted(missing)[:1]:
        yield Fault(f"存储的子树（第 {index << height} 号叶起 {1 << height} 片）缺失。")


def _verdict(
    found: Outside, size: int, start: int, checked: list[Part], roots: Roots, faults: list[Fault]
) -> Verdict:
    last = found.last.signed.head if found.last else None
    return Verdict(
        size=size,
        anchored=min(last.size, size) if last else 0,
        messages=LogLeaf.objects.filter(kind=LogLeaf.Kind.MESSAGE).count(),
        checked=size - start,
        root=roots.root(size)[0].hex() if size else "",
        anchored_at=last.at if last else "",
        faults=faults,
    )
