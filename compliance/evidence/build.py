"""Builds one package: anchors the log, checks every leaf that goes in, proves it, signs it.

A package of rows that are not what was logged is not made: the fault is told instead.
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from compliance.archive.log import anchor_file, anchors, keys, tree
from compliance.archive.log.anchor_file import Line
from compliance.archive.log.canonical import moment
from compliance.archive.log.purges import purges
from compliance.archive.verify.leaves import Checker
from compliance.archive.verify.reading import leaf_rows_at
from compliance.evidence import content, package
from compliance.evidence.content import Content
from compliance.evidence.package import File
from compliance.models import EvidencePackage
from scrm.core import faults
from scrm.core.crypto import DecryptionFailed

TOOL = "private-domain-scrm evidence 1"
Progress = Callable[[int], None]


class EvidenceBroken(Exception):
    """The archive is not what was logged or anchored; the text is one sentence for the requester."""


def build(row: EvidencePackage, progress: Progress) -> bytes:
    """The bytes of the zip. Raises EvidenceBroken."""
    lines = _anchored(row)
    size = lines[-1].signed.head.size
    try:
        gathered = content.gather(row, size)
    except (OSError, DecryptionFailed, KeyError) as error:
        raise EvidenceBroken(
            "有记录或文件缺失、无法打开，不能导出；请先做存档完整性校验。"
        ) from error
    progress(30)
    _check(gathered)
    _check_tree(lines)
    progress(60)
    files = [
        *gathered.files,
        content.proofs(gathered, [line.signed.head.size for line in lines]),
        *_anchor_files(lines),
        *_certificates(lines),
        File("rendered.html", _rendered(row, gathered)),
        *package.own_files(),
    ]
    progress(80)
    return package.zipped(_facts(row, lines, gathered), files, keys.sign)


def _anchored(row: EvidencePackage) -> list[Line]:
    """The first anchor over all chosen messages and the newest one, made now."""
    try:
        anchors.anchor()
    except anchors.AnchorRefused as error:
        raise EvidenceBroken("存档与此前的锚定不一致，不能导出；请先做存档完整性校验。") from error
    logged = content.leaves_of("message", row.messages)
    if len(logged) != len(row.messages):
        raise EvidenceBroken("有消息没有对应的叶，存档被改动过，不能导出。")
    newest = 1 + max(leaf.index for leaf in logged.values())
    lines = [line for line in anchor_file.read(anchors.path()) if line is not None]
    covering = [line for line in lines if line.signed.head.size >= newest]
    if not covering:
        raise EvidenceBroken("这些消息还没有锚定到数据库之外，请稍后重试。")
    return covering[:1] if covering[0] == covering[-1] else [covering[0], covering[-1]]


def _check(gathered: Content) -> None:
    """Every row against its leaf, and gaps too: a forged gap would be as bad."""
    indexes = [*gathered.leaves, *(leaf.index for leaf in gathered.gaps)]
    for fault in Checker(leaf_rows_at(indexes), purges()).faults():
        raise EvidenceBroken(f"{fault.sentence}不能导出。")


def _check_tree(lines: list[Line]) -> None:
    for line in lines:
        head = line.signed.head
        roots = tuple(root.hex() for root in tree.Tree(head.size).root())
        why = line.signed.fault() or ("与存档树不一致" if roots != (head.sha256, head.sm3) else "")
        if why:
            raise EvidenceBroken(f"第 {line.number} 次锚定{why}，不能导出。")


def _anchor_files(lines: list[Line]) -> list[File]:
    files = []
    for line in lines:
        files.append(File(f"anchors/{line.number}.json", line.text().encode()))
        if line.token:
            files.append(File(f"anchors/{line.number}.tsr", line.token))
            files.append(File(f"anchors/{line.number}.bare", line.bare))
    return files


def _certificates(lines: list[Line]) -> list[File]:
    names = {keys.signing_key_id(), *(line.signed.head.signing_key for line in lines)}
    files = [File(f"certs/{name}.pem", _pem(name)) for name in sorted(names)]
    if any(line.token for line in lines) and settings.TSA_CA_PATH:
        files.append(File("certs/tsa.pem", Path(settings.TSA_CA_PATH).read_bytes()))
    return files


def _pem(name: str) -> bytes:
    key = Ed25519PublicKey.from_public_bytes(keys.public_key(name))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _rendered(row: EvidencePackage, gathered: Content) -> bytes:
    context = {"package": row, "messages": gathered.messages, "gaps": gathered.gaps}
    return render_to_string("compliance/evidence_copy.html", context).encode("utf-8", "replace")


def _facts(row: EvidencePackage, lines: list[Line], gathered: Content) -> dict[str, Any]:
    return {
        "anchors": [line.number for line in lines],
        "approved_by": row.decided_by.display_name if row.decided_by else "",
        "case": row.case_id,
        "created_at": moment(timezone.now()),
        "format": 1,
        "gaps": len(gathered.gaps),
        "head": asdict(lines[-1].signed.head),
        "key": keys.signing_key_id(),
        "messages": len(gathered.messages),
        "package": row.pk,
        "query": row.query,
        "reason": row.reason,
        "requested_at": moment(row.requested_at),
        "requested_by": row.requested_by.display_name,
        "title": row.title,
        "tool": TOOL,
    }


def store(row: EvidencePackage, data: bytes) -> None:
    """Writes the zip where only the application reads it, and fills the row's file columns."""
    folder = Path(settings.EVIDENCE_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    row.file, row.size = f"evidence-{row.pk}.zip", len(data)
    row.sha256 = hashlib.sha256(data).hexdigest()
    partial = folder / f"{row.file}.part"
    partial.write_bytes(data)
    faults.reach("F13")
    partial.chmod(0o600)
    partial.rename(folder / row.file)


def path(row: EvidencePackage) -> Path:
    return Path(settings.EVIDENCE_DIR) / row.file
