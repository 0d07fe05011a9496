"""Envelopes are stored with the cursor, once, and from where the last pull stopped."""

import pytest

from channels.providers.base import ProviderError
from compliance.archive import pull
from compliance.models import ArchiveCursor, ArchiveEnvelope
from tests.factories.compliance import Chat

pytestmark = pytest.mark.django_db


def test_pull_takes_everything_once(chat: Chat) -> None:
    for n in range(5):
        chat.add(f"{n}")
    assert pull.pull(chat, limit=2) == 5
    assert pull.pull(chat, limit=2) == 0
    assert ArchiveEnvelope.objects.count() == 5
    assert ArchiveCursor.objects.get().seq == chat.rows[-1]["seq"]


def test_pull_goes_on_where_it_was_interrupted(chat: Chat) -> None:
    for n in range(4):
        chat.add(f"{n}")
    pull.store("ww00000000000demo0", chat.rows[:2])
    # The worker died after the commit and before the next page; the same page may come again.
    pull.store("ww00000000000demo0", chat.rows[:3])
    assert pull.pull(chat) == 1
    seqs = list(ArchiveEnvelope.objects.order_by("seq").values_list("seq", flat=True))
    assert seqs == [row["seq"] for row in chat.rows]


def test_cursor_never_moves_back(chat: Chat) -> None:
    for n in range(3):
        chat.add(f"{n}")
    pull.pull(chat)
    pull.store("ww00000000000demo0", chat.rows[:1])
    assert ArchiveCursor.objects.get().seq == chat.rows[-1]["seq"]


def test_an_answer_that_is_too_large_is_asked_for_in_parts(chat: Chat) -> None:
    for n in range(10):
        chat.add(f"{n}")
    chat.largest = 3
    assert pull.pull(chat, limit=16) == 10


def test_a_failing_source_keeps_what_was_stored(chat: Chat) -> None:
    for n in range(4):
        chat.add(f"{n}")
    whole = chat.get_chat_data

    def fails_later(seq: int, limit: int) -> list[dict[str, object]]:
        if seq >= chat.rows[1]["seq"]:
            chat.largest = 0
        return whole(seq, limit)

    chat.get_chat_data = fails_later  # type: ignore[method-assign]
    with pytest.raises(ProviderError):
        pull.pull(chat, limit=2)
    assert ArchiveEnvelope.objects.count() == 2
    assert ArchiveCursor.objects.get().seq == chat.rows[1]["seq"]


def test_a_malformed_envelope_is_kept_for_decoding_to_name(chat: Chat) -> None:
    chat.rows.append({"seq": 9, "msgid": "x", "publickey_ver": None})
    assert pull.pull(chat) == 1
    assert ArchiveEnvelope.objects.get().publickey_ver == 0
