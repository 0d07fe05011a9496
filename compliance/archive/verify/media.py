"""Files of some leaves: what their rows say, and whether the blob is still those bytes."""

import hashlib
import struct
from collections.abc import Collection, Sequence

from compliance.archive import blobs, media
from compliance.archive.log.canonical import canonical
from compliance.models import ArchivedMedia
from scrm.core.crypto import DecryptionFailed


class MediaMissing(Exception):
    """A file or its row is gone or was changed; the text ends a sentence."""


class MediaRows:
    def __init__(self, refs: Sequence[int], purged: Collection[int]) -> None:
        rows = ArchivedMedia.objects.select_related("message__envelope")
        # No body is opened here: the facts of a file are columns.
        self.rows = rows.in_bulk(list(refs)) if refs else {}
        self.purged = purged

    def facts(self, index: int, ref: int) -> str:
        row = self.rows.get(ref)
        if row is None:
            raise MediaMissing("所指的文件记录已不存在，记录被删除")
        if index not in self.purged:
            _check_blob(row)
        return canonical(media.facts(row))


def _check_blob(row: ArchivedMedia) -> None:
    """Without a purge event the file must be there, whole and unchanged."""
    digest = hashlib.sha256()
    try:
        for chunk in blobs.store().open(row.sha256):
            digest.update(chunk)
    except (OSError, DecryptionFailed, ValueError, IndexError, struct.error):
        raise MediaMissing("的文件缺失或无法打开，文件被改动或删除") from None
    if digest.hexdigest() != row.sha256:
        raise MediaMissing("的文件内容与入链时不一致，文件被调换")
