"""Uploaded files: bytes in the state folder, everything else in a row.

row: {media_id, type, filename, content_type, size, md5, created_at, purpose}
purpose: "media" (3 days), "attachment" (moments and album, 3 days), "permanent", "archive"
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path

from channels.sandbox import ids
from channels.sandbox.state.clock import Clock
from channels.sandbox.state.store import Store
from channels.sandbox.types import Doc

LIFE_SECONDS = 3 * 86_400


class MediaStore:
    def __init__(self, store: Store, folder: Path, clock: Clock) -> None:
        self._table = store.table("media")
        self._folder = folder
        self._clock = clock
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, kind: str, filename: str, content_type: str, data: bytes, purpose: str) -> Doc:
        media_id = ids.fresh("", 43) if purpose != "attachment" else ids.fresh("MAT", 40)
        (self._folder / media_id).write_bytes(data)
        row: Doc = {
            "media_id": media_id, "type": kind, "filename": filename or "file",
            "content_type": content_type or "application/octet-stream", "size": len(data),
            "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
            "created_at": self._clock.seconds(), "purpose": purpose,
        }  # fmt: skip
        return self._table.put(media_id, row)

    def get(self, media_id: str) -> Doc | None:
        """Also finds expired files: a sent message outlives the upload's three days."""
        return self._table.get(media_id)

    def alive(self, media_id: object) -> Doc | None:
        row = self._table.get(media_id) if isinstance(media_id, str) else None
        if row is None or row["purpose"] == "archive":
            return None
        expired = self._clock.now() > row["created_at"] + LIFE_SECONDS
        return None if expired and row["purpose"] != "permanent" else row

    def read(self, media_id: str) -> bytes:
        return (self._folder / media_id).read_bytes()

    def placeholder(self, kind: str) -> Doc:
        """One shared stand-in per kind for messages that come without a file."""
        for row in self._table.values():
            if row["purpose"] == "archive" and row["filename"].startswith(f"placeholder.{kind}"):
                return row
        data = tiny_png() if kind in ("image", "emotion") else f"sandbox {kind}\n".encode() * 64
        content_type = "image/png" if kind in ("image", "emotion") else "application/octet-stream"
        return self.add(kind, f"placeholder.{kind}", content_type, data, "archive")


def tiny_png(size: int = 48, colour: tuple[int, int, int] = (92, 140, 214)) -> bytes:
    row = b"\x00" + bytes(colour) * size
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(row * size)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    check = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)
