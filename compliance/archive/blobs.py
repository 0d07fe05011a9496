"""Files of the archive on a file system: encrypted, named by the hash of their content.

A file grows chunk by chunk as a part, survives a kill in any state, and gets its name by a rename
when it is whole. The same content is kept once. Another kind of store would need the methods of
FileBlobs; none is shipped, as a mounted bucket serves where there is no disk.

Layout: header "SB1 key-id\\n" and 16 bytes blob id, then frames of 4 bytes length, 12 bytes nonce and
AES-GCM ciphertext. Each frame is bound to blob id and position, the last one also to being the last,
so that frames cannot be left out, moved or taken from another file.
"""

import base64
import os
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from scrm.core import faults
from scrm.core.crypto import DecryptionFailed

_MAGIC = b"SB1 "
_ID, _NONCE = 16, 12


def store() -> "FileBlobs":
    return FileBlobs(Path(settings.BLOB_DIR))


class FileBlobs:
    def __init__(self, root: Path) -> None:
        self.parts, self.blobs = root / "parts", root / "blobs"

    def begin(self) -> tuple[str, int]:
        """A new unfinished file: its name and its length with the header."""
        self.parts.mkdir(parents=True, exist_ok=True)
        name = secrets.token_hex(16)
        header = _MAGIC + _current()[0].encode() + b"\n" + os.urandom(_ID)
        _write(self.parts / name, 0, header)
        return name, len(header)

    def append(self, part: str, at: int, number: int, data: bytes, *, last: bool) -> int:
        """Writes chunk `number` at that length, over whatever a kill left behind it; new length."""
        path = self.parts / part
        key, blob_id, _ = _header(path)
        nonce = os.urandom(_NONCE)
        sealed = key.encrypt(nonce, data, _place(blob_id, number, last))
        frame = struct.pack(">I", len(sealed)) + nonce + sealed
        _write(path, at, frame)
        return at + len(frame)

    def has_part(self, part: str, length: int) -> bool:
        path = self.parts / part
        return bool(part) and path.is_file() and path.stat().st_size >= length

    def read_part(self, part: str, length: int) -> Iterator[bytes]:
        """The chunks of a part whose last chunk has been written."""
        return _chunks(self.parts / part, length)

    def keep(self, part: str, digest: str) -> None:
        """The finished part becomes the blob of that SHA-256; it is on disk when this returns."""
        path = self._path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        faults.reach("F4")
        if path.exists():
            (self.parts / part).unlink()
        else:
            os.replace(self.parts / part, path)
        _sync_folder(path.parent)
        _sync_folder(self.parts)
        faults.reach("F5")

    def has(self, digest: str) -> bool:
        return self._path(digest).is_file()

    def open(self, digest: str) -> Iterator[bytes]:
        """The content, chunk by chunk; raises DecryptionFailed on a changed or cut file."""
        path = self._path(digest)
        return _chunks(path, path.stat().st_size)

    def delete(self, digest: str) -> None:
        self._path(digest).unlink(missing_ok=True)

    def drop_part(self, part: str) -> None:
        (self.parts / part).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self.blobs / digest[:2] / digest


def _current() -> tuple[str, AESGCM]:
    key_id, _, key = settings.FIELD_KEYS[0].partition(":")
    return key_id, AESGCM(base64.b64decode(key))


def current_key_id() -> str:
    return _current()[0]


def _key(key_id: str) -> AESGCM:
    for item in settings.FIELD_KEYS:
        name, _, key = item.partition(":")
        if name == key_id:
            return AESGCM(base64.b64decode(key))
    raise DecryptionFailed(f"blob: unknown key {key_id!r}")


def _header(path: Path) -> tuple[AESGCM, bytes, int]:
    """Key, blob id and length of the header."""
    with path.open("rb") as file:
        head = file.readline(100)
        if not head.startswith(_MAGIC) or not head.endswith(b"\n"):
            raise DecryptionFailed("blob: no header")
        return _key(head[len(_MAGIC) : -1].decode()), file.read(_ID), len(head) + _ID


def _place(blob_id: bytes, number: int, last: bool) -> bytes:
    return blob_id + struct.pack(">Q?", number, last)


def _chunks(path: Path, length: int) -> Iterator[bytes]:
    key, blob_id, at = _header(path)
    with path.open("rb") as file:
        file.seek(at)
        number = 0
        while at < length:
            size = struct.unpack(">I", _exactly(file.read(4), 4))[0]
            # A length that reaches beyond the end is no length of ours.
            nonce, sealed = file.read(_NONCE), _exactly(file.read(size), size)
            at += 4 + _NONCE + size
            try:
                yield key.decrypt(nonce, sealed, _place(blob_id, number, at >= length))
            except (InvalidTag, ValueError):
                raise DecryptionFailed("blob: a chunk does not authenticate") from None
            number += 1
        if not number:
            raise DecryptionFailed("blob: no content")


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise DecryptionFailed("blob: cut short")
    return data


def _write(path: Path, at: int, data: bytes) -> None:
    """Writes at that offset, cuts off what stood behind, and has it on disk before it returns."""
    flags = os.O_WRONLY | os.O_CREAT
    descriptor = os.open(path, flags, 0o600)
    try:
        os.ftruncate(descriptor, at)
        os.pwrite(descriptor, data, at)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
