"""Verification names the row where the archive is no longer what was sealed."""

import pytest
from django.core.management import CommandError, call_command

from compliance.archive.verify import archive_verify, verify
from compliance.models import Seal
from scrm.audit.models import AuditEvent
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import Chat, as_superuser, message_of


@pytest.fixture
def sealed(cast: Cast, chat: Chat) -> Chat:
    to = befriend(cast.wang).external_userid
    for n in range(6):
        chat.say("alice", to, f"第 {n} 条")
    chat.archive()
    return chat


def test_an_untouched_archive_is_whole(sealed: Chat, cast: Cast) -> None:
    verdict = archive_verify(actor=cast.auditor)
    assert verdict.ok
    assert verdict.sealed == 6
    assert verdict.head == Seal.objects.order_by("-number")[0].head
    event = AuditEvent.objects.get(action="archive.verify")
    assert event.after == {"ok": True, "sealed": 6, "head": verdict.head}


def test_an_empty_archive_says_so(db: None) -> None:
    assert verify().ok
    assert "空" in verify().sentence


EDITS = {
    "direction": "UPDATE compliance_archivedmessage SET from_staff = false WHERE id = %s",
    "sender": "UPDATE compliance_archivedmessage SET sender = 'bob' WHERE id = %s",
    "employee": "UPDATE compliance_archivedmessage SET user_id = NULL WHERE id = %s",
    "time": "UPDATE compliance_archivedmessage "
    "SET sent_at = sent_at + interval '1 s' WHERE id = %s",
    "text": "UPDATE compliance_archivedmessage SET text = '' WHERE id = %s",
    "ciphertext": "UPDATE compliance_archivedmessage SET body = text WHERE id = %s",
    "raw": "UPDATE compliance_archiveenvelope SET encrypt_chat_msg = 'x' WHERE id = "
    "(SELECT envelope_id FROM compliance_archivedmessage WHERE id = %s)",
    "leaf": "UPDATE compliance_seal SET leaf = repeat('0', 64) WHERE message_id = %s",
    "head": "UPDATE compliance_seal SET head = repeat('0', 64) WHERE message_id = %s",
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_row_is_named(sealed: Chat, edit: str) -> None:
    row = sealed.rows[2]
    as_superuser(EDITS[edit], message_of(row).pk)
    verdict = verify()
    assert not verdict.ok
    assert verdict.bad_number == 3
    assert f"seq {row['seq']}" in verdict.sentence


def test_swapped_rows_are_named(sealed: Chat) -> None:
    first, second = (message_of(sealed.rows[n]).pk for n in (1, 3))
    # The unique index is checked row by row, so the swap goes over a free number.
    as_superuser("UPDATE compliance_seal SET message_id = -1 WHERE message_id = %s", first)
    as_superuser("UPDATE compliance_seal SET message_id = %s WHERE message_id = %s", first, second)
    as_superuser("UPDATE compliance_seal SET message_id = %s WHERE message_id = -1", second)
    verdict = verify()
    assert (verdict.ok, verdict.bad_number) == (False, 2)


def test_a_hole_is_named(sealed: Chat) -> None:
    as_superuser("DELETE FROM compliance_seal WHERE number = 4")
    assert verify().bad_number == 4


def _cut_tail(chat: Chat) -> None:
    pk = message_of(chat.rows[-1]).pk
    envelope = message_of(chat.rows[-1]).envelope_id
    as_superuser("DELETE FROM compliance_seal WHERE message_id = %s", pk)
    as_superuser("DELETE FROM compliance_messagescan WHERE message_id = %s", pk)
    as_superuser("DELETE FROM compliance_archivedmessage WHERE id = %s", pk)
    as_superuser("DELETE FROM compliance_archiveenvelope WHERE id = %s", envelope)


def test_a_deleted_tail_is_noticed_by_the_cursor(sealed: Chat) -> None:
    _cut_tail(sealed)
    verdict = verify()
    assert (verdict.ok, verdict.bad_number) == (False, 6)
    assert f"seq {sealed.rows[-1]['seq']}" in verdict.sentence


def test_a_deleted_tail_is_noticed_by_an_earlier_verdict(sealed: Chat, cast: Cast) -> None:
    archive_verify(actor=cast.auditor)
    _cut_tail(sealed)
    as_superuser("UPDATE compliance_archivecursor SET seq = %s", sealed.rows[-2]["seq"])
    verdict = verify()
    assert (verdict.ok, verdict.bad_number) == (False, 6)


def test_a_chain_built_anew_with_another_key_is_noticed(sealed: Chat, settings: object) -> None:
    settings.SEAL_KEY = "another-key-than-the-one-in-use"  # type: ignore[attr-defined]
    assert verify().bad_number == 1


def test_the_command_fails_loudly(sealed: Chat) -> None:
    call_command("archive_verify")
    as_superuser("DELETE FROM compliance_seal WHERE number = 1")
    with pytest.raises(CommandError, match="第 1 号"):
        call_command("archive_verify")
