"""Files of some leaves: what their rows say, and whether the blob is still those bytes."""

import hashlib
import struct
from collections.abc import Collection, Sequence

from compliance.archive import blobs, media
from compliance.archive.log.canonical import canonical
from compliance.archive.verify.verdict import Missing
from compliance.models import ArchivedMedia
from scrm.core.crypto import DecryptionFailed


class MediaRows:
    def __init__(self, refs: Sequence[int], purged: Collection[int]) -> None:
        rows = ArchivedMedia.objects.select_related("message__envelope")
        # No body is opened here: the facts of a file are columns.
        self.rows = rows.in_bulk(list(refs)) if refs else {}
        self.purged = purged

    def facts(self, index: int, ref: int) -> str | Missing:
        row = self.rows.get(ref)
        if row is None:
            return Missing("所指的文件记录已不存在，记录被删除")
        lost = None if index in self.purged else _blob_lost(row)
        return lost or canonical(media.facts(row))


def _blob_lost(row: ArchivedMedia) -> Missing | None:
    """Without a purge event the file must be there, whole and unchanged."""
    digest = hashlib.sha256()
    try:
        for chunk in blobs.store().open(row.sha256):
            digest.update(chunk)
    except (OSError, DecryptionFailed, ValueError, IndexError, struct.error):
        return Missing("的文件缺失或无法打开，文件被改动或删除")
    if digest.hexdigest() != row.sha256:
        return Missing("的文件内容与入链时不一致，文件被调换")
    return None
