"""Carries the newest head out of the database: a line in the anchor file, a time stamp if there is
a time stamp authority, and a mirror row that pages may read. Verification reads the file."""

import logging
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from channels.providers import tsa
from channels.providers.base import ProviderError
from compliance.archive import locks
from compliance.archive.log import anchor_file, heads, tree
from compliance.archive.log.anchor_file import PREFIX, Line
from compliance.models import LogAnchor, LogHead, LogLeaf
from scrm.core import faults

logger = logging.getLogger(__name__)


class AnchorRefused(Exception):
    """The log is not what was anchored before; an anchor now would cover that up."""


def path() -> Path:
    return Path(settings.ANCHOR_PATH)


def anchor() -> LogAnchor | None:
    """Anchors all leaves there are; None when another process is at it or the log is empty.

    Raises AnchorRefused when the log does not continue what the last line says.
    """
    with locks.only_one(locks.ANCHOR) as mine:
        head = heads.make() if mine else None
        return _anchor(head) if head else None


def _anchor(head: LogHead) -> LogAnchor | None:
    before = anchor_file.last(path())
    if before and before.signed.head.size == head.size:
        return _mirror(before, head)
    _refuse_other_log(before, head)
    line = _line(before, head)
    line = Line(line.number, line.previous, line.signed, line.leaves, _token(line))
    faults.reach("F10")
    anchor_file.add(path(), line)
    faults.reach("F10")
    return _mirror(line, head)


def _refuse_other_log(before: Line | None, head: LogHead) -> None:
    if before is None:
        return
    known = before.signed.head
    if known.size > head.size:
        raise AnchorRefused(f"{known.size} leaves are anchored, the log has {head.size}")
    sha256, sm3 = tree.Tree(head.size).root(known.size)
    if (sha256.hex(), sm3.hex()) != (known.sha256, known.sm3):
        raise AnchorRefused(f"the first {known.size} leaves are not those that were anchored")


def _line(before: Line | None, head: LogHead) -> Line:
    """Goes on from the file; where the file is gone, from the mirror, so that the loss shows."""
    mirror = LogAnchor.objects.select_related("head").order_by("-number").first()
    if before:
        number, previous, start = before.number + 1, before.hash, before.signed.head.size
    elif mirror:
        number, previous, start = mirror.number + 1, mirror.line_hash, mirror.head.size
    else:
        number, previous, start = 1, "", 0
    hashes = LogLeaf.objects.filter(index__gte=start, index__lt=head.size).order_by("index")
    prefixes = b"".join(bytes(h)[:PREFIX] for h in hashes.values_list("sha256", flat=True))
    return Line(number, previous, heads.of_row(head), prefixes, b"")


def _token(line: Line) -> bytes:
    """The time stamp; b"" without an authority, or while it cannot be reached."""
    if not settings.TSA_URL:
        return b""
    try:
        return tsa.stamp(line.bare)
    except ProviderError as error:
        logger.error("anchor %s goes without a time stamp: %s", line.number, error.message)
        return b""


def _mirror(line: Line, head: LogHead) -> LogAnchor:
    row, _ = LogAnchor.objects.get_or_create(
        number=line.number,
        defaults={
            "head": head,
            "line_hash": line.hash,
            "at": timezone.now(),
            "stamped": bool(line.token),
        },
    )
    return row
