"""Files as they come from a person: checked by what they are, not by what they are called."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

from channels.models import MediaFile
from scrm.core.errors import BusinessError

Kind = MediaFile.Kind
_MEGA = 1024 * 1024
_FEWEST = 5
_PDF = b"%PDF-"
# Word, Excel and PowerPoint: of today (a zip) and of before 2007.
_OFFICE = {".docx": b"PK", ".xlsx": b"PK", ".pptx": b"PK"}
_OLD_OFFICE = dict.fromkeys((".doc", ".xls", ".ppt"), b"\xd0\xcf\x11\xe0")
_DOCUMENTS = {".pdf": _PDF, **_OFFICE, **_OLD_OFFICE}


@dataclass(frozen=True, slots=True)
class _Rule:
    """WeCom's limits of one kind; content_type gives "" for bytes that are something else."""

    most_bytes: int
    content_type: Callable[[str, bytes], str]
    wanted: str


def _image(suffix: str, content: bytes) -> str:
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/jpeg" if content.startswith(b"\xff\xd8\xff") else ""


def _video(suffix: str, content: bytes) -> str:
    return "video/mp4" if content[4:8] == b"ftyp" else ""


def _document(suffix: str, content: bytes) -> str:
    beginning = _DOCUMENTS.get(suffix)
    return "application/octet-stream" if beginning and content.startswith(beginning) else ""


_RULES = {
    Kind.IMAGE: _Rule(10 * _MEGA, _image, "JPG 或 PNG 图片"),
    Kind.VIDEO: _Rule(10 * _MEGA, _video, "MP4 视频"),
    Kind.FILE: _Rule(20 * _MEGA, _document, "PDF、Word、Excel 或 PowerPoint 文件"),
}


def file_keep(*, kind: str, name: str, content: bytes) -> MediaFile:
    """The row of these bytes under this name, made once; raises BusinessError for what WeCom
    would refuse."""
    rule, plain = _RULES[Kind(kind)], _plain(name)
    content_type = rule.content_type(PurePath(plain).suffix.lower(), content)
    if not content_type:
        raise BusinessError(f"这不是{rule.wanted}。", code="file")
    if not _FEWEST < len(content) <= rule.most_bytes:
        raise BusinessError(f"{rule.wanted}不能超过 {rule.most_bytes // _MEGA} MB。", code="file")
    facts = {"kind": kind, "name": plain, "content_type": content_type}
    row, _ = MediaFile.objects.get_or_create(
        digest=_digest(kind, plain, content),
        defaults={**facts, "size": len(content), "content": content},
    )
    return row


def _plain(name: str) -> str:
    """Without a path and control characters; customers see it."""
    last = PurePath(name.replace("\\", "/")).name
    clean = "".join(letter for letter in last if letter.isprintable()).strip()
    suffix = PurePath(clean).suffix[:10]
    return (clean.removesuffix(suffix)[:100] or "file") + suffix


def _digest(kind: str, name: str, content: bytes) -> str:
    head = f"{kind}\n{name}\n".encode()
    return hashlib.sha256(head + content).hexdigest()
