"""The anchor file: signed heads outside the database's trust zone, one JSON line each, append-only.

A line carries its number, the hash of the line before, the head, the first eight bytes of each leaf
hash since the line before (so that a rewritten row can be named, not only noticed), and the time
stamp token when there is one. The file belongs on storage that this application may only add to.
"""

import base64
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from compliance.archive.log.canonical import canonical
from compliance.archive.log.heads import Head, SignedHead

PREFIX = 8
_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Line:
    """One anchor. `leaves`: PREFIX bytes for each leaf after the line before. `token`: DER or b""."""

    number: int
    previous: str
    signed: SignedHead
    leaves: bytes
    token: bytes

    def text(self) -> str:
        return canonical(
            {
                "head": asdict(self.signed.head),
                "hmac": self.signed.hmac,
                "leaves": base64.b64encode(self.leaves).decode(),
                "number": self.number,
                "previous": self.previous,
                "signature": self.signed.signature,
                "token": base64.b64encode(self.token).decode(),
            }
        )

    @property
    def hash(self) -> str:
        return hash_of(self.text().encode())

    @property
    def bare(self) -> bytes:
        """What the time stamp covers: the line as it is without its token."""
        line = Line(self.number, self.previous, self.signed, self.leaves, b"")
        return line.text().encode()


def hash_of(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def parse(text: bytes) -> Line:
    """Raises ValueError for anything but a line in its canonical form."""
    try:
        data: dict[str, Any] = json.loads(text)
        line = Line(
            number=data["number"],
            previous=data["previous"],
            signed=SignedHead(Head(**data["head"]), data["hmac"], data["signature"]),
            leaves=base64.b64decode(data["leaves"], validate=True),
            token=base64.b64decode(data["token"], validate=True),
        )
        same = line.text().encode() == text
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError("not an anchor line") from error
    if not same:
        raise ValueError("not in canonical form")
    return line


def read(path: Path) -> Iterator[Line | None]:
    """The lines in order; None for one that cannot be read, such as a torn one."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for text in file:
            try:
                yield parse(text.rstrip(b"\n"))
            except ValueError:
                yield None


def last(path: Path) -> Line | None:
    """The last readable line, found from the end of the file."""
    if not path.exists():
        return None
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        tail = b""
        while end:
            start = max(0, end - _BLOCK)
            file.seek(start)
            tail, end = file.read(end - start) + tail, start
            found = _last_of(tail if not start else tail.partition(b"\n")[2])
            if found:
                return found
    return None


def _last_of(text: bytes) -> Line | None:
    for line in reversed(text.split(b"\n")):
        try:
            return parse(line)
        except ValueError:
            continue
    return None


def add(path: Path, line: Line) -> None:
    """Writes one line and waits for the disk. A torn line of an earlier crash is closed first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        size = os.fstat(handle).st_size
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        data = (b"\n" if torn else b"") + line.text().encode() + b"\n"
        while data:
            data = data[os.write(handle, data) :]
        os.fsync(handle)
    finally:
        os.close(handle)
