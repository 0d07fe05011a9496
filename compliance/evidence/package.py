"""The zip itself: files in a fixed order, stored, a manifest over all of them and its signature.

The same files give the same bytes. Pure apart from the signature.
"""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compliance.archive.log.canonical import canonical, encoded
from compliance.archive.log.leaves import digests

DATA = Path(__file__).parent / "data"
_ORDER = (
    "messages.jsonl",
    "raw/",
    "media/",
    "events.jsonl",
    "proofs.json",
    "anchors/",
    "certs/",
    "policy/",
    "rendered.html",
    "verify.py",
    "README.txt",
)
# Zip files know no earlier date; the true times stand in the manifest.
_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class File:
    name: str
    data: bytes


def _place(file: File) -> tuple[int, int, str]:
    for number, name in enumerate(_ORDER):
        if file.name == name or (name.endswith("/") and file.name.startswith(name)):
            return number, len(file.name), file.name
    raise ValueError(f"{file.name} has no place in a package")


def own_files() -> list[File]:
    return [File(name, (DATA / name).read_bytes()) for name in ("verify.py", "README.txt")]


def lines(rows: list[dict[str, Any]]) -> bytes:
    return encoded("".join(f"{canonical(row)}\n" for row in rows))


def manifest(facts: dict[str, Any], files: list[File]) -> bytes:
    return lines([{**facts, "files": [_entry(file) for file in files]}])


def _entry(file: File) -> dict[str, Any]:
    ((sha256, sm3),) = digests([file.data])
    return {"name": file.name, "sha256": sha256, "size": len(file.data), "sm3": sm3}


def zipped(facts: dict[str, Any], files: list[File], sign: Callable[[bytes], str]) -> bytes:
    """`sign` gives the signature in hex."""
    ordered = sorted(files, key=_place)
    head = manifest(facts, ordered)
    first = [File("manifest.json", head), File("manifest.sig", f"{sign(head)}\n".encode())]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as out:
        for file in [*first, *ordered]:
            out.writestr(zipfile.ZipInfo(file.name, _DATE), file.data)
    return buffer.getvalue()
