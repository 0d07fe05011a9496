"""Files come whole or not at all, survive interruptions, and leave no plain byte on disk."""

import datetime
import json
import os
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from channels.providers.base import ErrorClass, ProviderError
from compliance.archive import blobs, media
from compliance.archive.attachments import attachments
from compliance.archive.blobs import FileBlobs
from compliance.archive.verify.service import verify
from compliance.models import ArchivedMedia, LogLeaf
from scrm.core.crypto import DecryptionFailed
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import Chat

PHOTO = b"\x89PNG\r\n" + os.urandom(3000)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, settings: Any) -> None:
    settings.BLOB_DIR = str(tmp_path / "blobs")


@pytest.fixture
def sent(cast: Cast, chat: Chat) -> Chat:
    chat.chunk = 1000
    chat.send_file("alice", befriend(cast.wang).external_userid, PHOTO)
    chat.archive()
    return chat


def _bytes(row: ArchivedMedia) -> bytes:
    return b"".join(blobs.store().open(row.sha256))


def test_a_file_is_fetched_by_chunks_checked_and_logged(sent: Chat) -> None:
    assert media.fetch(sent) == 1
    row = ArchivedMedia.objects.get()
    assert (row.state, row.size, row.mismatch, row.chunks) == ("stored", len(PHOTO), False, 4)
    assert _bytes(row) == PHOTO
    assert LogLeaf.objects.get(kind="media").ref == row.pk
    assert verify().ok
    assert media.fetch(sent) == 0


def test_no_plain_byte_is_on_disk(sent: Chat, settings: Any) -> None:
    media.fetch(sent)
    stored = [path for path in Path(settings.BLOB_DIR).rglob("*") if path.is_file()]
    assert len(stored) == 1
    assert PHOTO[100:140] not in stored[0].read_bytes()


def test_an_interrupted_download_goes_on_where_it_was(sent: Chat) -> None:
    whole, asked = sent.get_media_chunk, []

    def fails_at_third(file_id: str, index: str) -> Any:
        asked.append(index)
        if len(asked) == 3:
            raise ProviderError("网络错误", ErrorClass.TRANSIENT, errcode=10001)
        return whole(file_id, index)

    sent.get_media_chunk = fails_at_third  # type: ignore[method-assign]
    assert media.fetch(sent) == 0
    row = ArchivedMedia.objects.get()
    assert (row.state, row.chunks) == ("waiting", 2)
    # What a killed writer left behind the last confirmed chunk is written over.
    part = blobs.store().parts / row.part
    part.write_bytes(part.read_bytes() + b"half a frame")
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=1), tick=False):
        assert media.fetch(sent) == 1
    assert asked == ["", "1000", "2000", "2000", "3000"]
    assert _bytes(ArchivedMedia.objects.get()) == PHOTO


def test_a_wrong_sum_is_tried_again_then_kept_and_flagged(cast: Cast, chat: Chat) -> None:
    chat.send_file("alice", befriend(cast.wang).external_userid, PHOTO, md5sum="0" * 32)
    chat.archive()
    assert media.fetch(chat) == 0
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=1), tick=False):
        assert media.fetch(chat) == 1
    row = ArchivedMedia.objects.get()
    assert (row.state, row.mismatch, row.attempts) == ("stored", True, 2)


@pytest.mark.parametrize(("code", "state"), [(10010, "expired"), (10005, "failed")])
def test_what_is_lost_is_said_to_be_lost(sent: Chat, code: int, state: str) -> None:
    def refuses(*_: Any) -> Any:
        raise ProviderError("没有了", ErrorClass.PERMANENT, errcode=code)

    sent.get_media_chunk = refuses  # type: ignore[method-assign]
    assert media.fetch(sent) == 0
    assert ArchivedMedia.objects.get().state == state


def test_a_full_disk_is_waited_out(sent: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(FileBlobs, "append", full)
        assert media.fetch(sent) == 0
    assert ArchivedMedia.objects.get().state == "waiting"
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=1), tick=False):
        assert media.fetch(sent) == 1


def test_a_dead_workers_file_is_taken_over(sent: Chat) -> None:
    ArchivedMedia.objects.update(state="fetching", claimed_at=timezone.now())
    assert media.fetch(sent) == 0
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=6), tick=False):
        assert media.fetch(sent) == 1


def test_the_same_content_is_kept_once(cast: Cast, chat: Chat, settings: Any) -> None:
    to = befriend(cast.wang).external_userid
    for _ in range(2):
        chat.send_file("alice", to, PHOTO)
    chat.archive()
    assert media.fetch(chat) == 2
    assert len([p for p in Path(settings.BLOB_DIR).rglob("*") if p.is_file()]) == 1


@pytest.mark.parametrize("change", ["flip", "cut", "swap"])
def test_a_changed_file_does_not_open(sent: Chat, change: str) -> None:
    media.fetch(sent)
    row = ArchivedMedia.objects.get()
    path = blobs.store()._path(row.sha256)
    data = bytearray(path.read_bytes())
    if change == "flip":
        data[-5] ^= 1
    elif change == "cut":
        # Whole frames are missing, none is damaged.
        del data[-(4 + 12 + 16 + len(PHOTO) - 3000) :]
    else:
        head = data.index(b"\n") + 17
        size = 4 + 12 + 1016
        first, second = data[head : head + size], data[head + size : head + 2 * size]
        data[head : head + 2 * size] = second + first
    path.write_bytes(bytes(data))
    with pytest.raises(DecryptionFailed):
        _bytes(row)


def test_no_bit_of_a_file_can_change(tmp_path: Path) -> None:
    """The lengths too: one that reaches beyond the end reads the same bytes."""
    store = FileBlobs(tmp_path / "bits")
    part, length = store.begin()
    store.append(part, length, 0, b"content", last=True)
    path = store.parts / part
    whole = path.read_bytes()
    assert b"".join(store.read_part(part, len(whole))) == b"content"
    for bit in range(8 * len(whole)):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        with pytest.raises((DecryptionFailed, UnicodeDecodeError)):
            list(store.read_part(part, len(whole)))


def test_files_inside_mixed_and_forwarded_messages_are_found() -> None:
    inner = json.dumps({"sdkfileid": "b", "md5sum": "X", "filename": "表.xlsx"})
    mixed = json.dumps({"item": [{"type": "image", "content": json.dumps({"sdkfileid": "a"})}]})
    record = {
        "msgtype": "chatrecord",
        "chatrecord": {
            "item": [
                {"type": "ChatRecordFile", "content": inner},
                {"type": "ChatRecordMixed", "content": mixed},
                {"type": "ChatRecordText", "content": "sdkfileid 只是一个词"},
            ]
        },
    }
    found = attachments(json.dumps(record), "chatrecord")
    assert [(a.kind, a.sdkfileid, a.name) for a in found] == [
        ("file", "b", "表.xlsx"),
        ("image", "a", ""),
    ]
    assert attachments("no json sdkfileid", "text") == []
