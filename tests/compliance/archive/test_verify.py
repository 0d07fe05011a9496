"""Verification names the row where the archive is no longer what was logged."""

import pytest
from django.core.management import CommandError, call_command

from compliance.archive.log import anchors
from compliance.archive.log.append import append_events
from compliance.archive.verify import archive_verify, workers
from compliance.archive.verify.parts import PART
from compliance.archive.verify.service import verify
from compliance.models import LogLeaf, MessageScan
from scrm.audit.models import AuditEvent
from scrm.audit.services import record
from tests.factories.cast import Cast, befriend, make
from tests.factories.compliance import Chat, as_superuser, message_of


@pytest.fixture
def logged(cast: Cast, chat: Chat) -> Chat:
    to = befriend(cast.wang).external_userid
    for n in range(6):
        chat.say("alice", to, f"第 {n} 条")
    chat.archive()
    return chat


def test_an_untouched_archive_is_whole(logged: Chat, cast: Cast) -> None:
    anchors.anchor()
    verdict = archive_verify(actor=cast.auditor)
    assert verdict.ok, verdict.sentence
    # The verdict itself is a leaf since.
    assert (verdict.messages, verdict.size) == (6, LogLeaf.objects.count() - 1)
    assert verdict.unproven == 0
    event = AuditEvent.objects.get(action="archive.verify")
    assert event.after["ok"] is True
    assert event.after["head"] == verdict.root
    again = verify()
    assert (again.ok, again.size, again.unproven) == (True, verdict.size + 1, 1)
    assert "未证实" in again.sentence


def test_what_was_never_anchored_is_not_called_whole(logged: Chat) -> None:
    verdict = verify()
    assert verdict.ok
    assert verdict.unproven == verdict.size
    assert "未证实" in verdict.sentence
    assert "完整" not in verdict.sentence


def test_an_empty_archive_says_so(db: None) -> None:
    assert verify().ok
    assert "空" in verify().sentence


def test_incremental_goes_on_from_the_last_proven_anchor(logged: Chat, cast: Cast) -> None:
    for _ in range(300):
        record("archive.view", actor=cast.officer)
    anchors.anchor()
    whole = archive_verify(actor=cast.auditor)
    assert whole.checked == whole.size > 300
    later = archive_verify(actor=cast.auditor, incremental=True)
    assert later.ok, later.sentence
    assert (later.size, later.checked) == (whole.size + 1, whole.size + 1 - 256)


@pytest.mark.django_db(transaction=True)
def test_several_processes_say_the_same(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """On committed rows, as worker processes have connections of their own."""
    cast = make()
    chat.say("alice", befriend(cast.wang).external_userid, "您好")
    chat.archive()
    append_events([("test.note", {"n": n}) for n in range(2 * PART)])
    anchors.anchor()
    alone = verify()
    monkeypatch.setattr(workers, "WORTHWHILE", 0)
    together = verify()
    assert together == alone
    assert together.ok
    as_superuser("UPDATE compliance_logleaf SET facts = 'x' WHERE index IN (5000, 9000)")
    broken = verify()
    assert [fault.index for fault in broken.faults] == [5000, 9000]
    monkeypatch.setattr(workers, "_START", "raise SystemExit(3)")
    with pytest.raises(workers.WorkerFailed):
        verify()


EDITS = {
    "direction": "UPDATE compliance_archivedmessage SET from_staff = false WHERE id = %s",
    "sender": "UPDATE compliance_archivedmessage SET sender = 'bob' WHERE id = %s",
    "employee": "UPDATE compliance_archivedmessage SET user_id = NULL WHERE id = %s",
    "time": "UPDATE compliance_archivedmessage "
    "SET sent_at = sent_at + interval '1 microsecond' WHERE id = %s",
    "ciphertext": "UPDATE compliance_archivedmessage m SET content = (SELECT content FROM "
    "compliance_archivedmessage o WHERE o.id <> m.id ORDER BY o.id LIMIT 1) WHERE id = %s",
    "no ciphertext": "UPDATE compliance_archivedmessage SET content = 'x' WHERE id = %s",
    "raw": "UPDATE compliance_archiveenvelope SET encrypt_chat_msg = 'x' WHERE id = "
    "(SELECT envelope_id FROM compliance_archivedmessage WHERE id = %s)",
    "seq": "UPDATE compliance_archiveenvelope SET seq = seq + 1 WHERE id = "
    "(SELECT envelope_id FROM compliance_archivedmessage WHERE id = %s)",
    "leaf": "UPDATE compliance_logleaf SET sm3 = sha256 WHERE kind = 'message' AND ref = %s",
    "leaf time": "UPDATE compliance_logleaf SET created_at = created_at - interval '1 s' "
    "WHERE kind = 'message' AND ref = %s",
    "a number for a name": "UPDATE compliance_archivedmessage SET receivers = '[1.5]' WHERE id = %s",
    "blanked": "UPDATE compliance_archivedmessage SET content = '' WHERE id = %s",
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_row_is_named(logged: Chat, edit: str) -> None:
    anchors.anchor()
    pk = message_of(logged.rows[2]).pk
    leaf = LogLeaf.objects.get(kind="message", ref=pk)
    as_superuser(EDITS[edit], pk)
    verdict = verify()
    assert not verdict.ok
    assert [fault.index for fault in verdict.faults] == [leaf.index]
    assert f"第 {leaf.index} 号叶" in verdict.sentence


def test_a_leaf_that_speaks_of_nothing_is_named_and_so_is_what_it_left(logged: Chat) -> None:
    anchors.anchor()
    pk = message_of(logged.rows[2]).pk
    leaf = LogLeaf.objects.get(kind="message", ref=pk)
    as_superuser("UPDATE compliance_logleaf SET ref = NULL WHERE index = %s", leaf.index)
    verdict = verify()
    assert [fault.index for fault in verdict.faults] == [leaf.index, None]
    assert f"消息 {pk} 没有入链" in verdict.faults[1].sentence


def test_the_command_fails_loudly(logged: Chat) -> None:
    anchors.anchor()
    call_command("archive_verify")
    call_command("archive_verify", "--incremental")
    as_superuser("DELETE FROM compliance_logleaf WHERE index = 1")
    with pytest.raises(CommandError, match="第 1 号叶"):
        call_command("archive_verify")


def test_words_written_into_a_leaf_that_has_none_are_found(logged: Chat) -> None:
    anchors.anchor()
    leaf = LogLeaf.objects.filter(kind="message").order_by("index")[2]
    as_superuser("UPDATE compliance_logleaf SET facts = '{}' WHERE index = %s", leaf.index)
    verdict = verify()
    assert not verdict.ok
    assert str(leaf.index) in verdict.sentence


def test_faults_of_several_kinds_stand_in_the_order_of_the_leaves(logged: Chat) -> None:
    anchors.anchor()
    first, second = (message_of(logged.rows[n]).pk for n in (1, 4))
    append_events([("test.note", {"n": 1})])
    event = LogLeaf.objects.get(kind="event", facts__contains="test.note")
    as_superuser("UPDATE compliance_logleaf SET facts = 'x' WHERE index = %s", event.index)
    as_superuser("UPDATE compliance_archivedmessage SET sender = 'bob' WHERE id = %s", second)
    as_superuser("UPDATE compliance_messagescan SET severity = 3 WHERE message_id = %s", first)
    changed = [
        LogLeaf.objects.get(kind="message", ref=second).index,
        LogLeaf.objects.get(kind="scan", ref=MessageScan.objects.get(message_id=first).pk).index,
        event.index,
    ]
    assert [fault.index for fault in verify().faults] == sorted(changed)


SHORT = {
    "no hash": "UPDATE compliance_logleaf SET sm3 = '' WHERE index = %s",
    "a byte less": "UPDATE compliance_logleaf SET sm3 = substring(sm3 FOR 31) WHERE index = %s",
    "a byte more": r"UPDATE compliance_logleaf SET sm3 = sm3 || '\x00' WHERE index = %s",
    "no salt": "UPDATE compliance_logleaf SET salt = '' WHERE index = %s",
}


@pytest.mark.parametrize("edit", SHORT)
def test_a_leaf_of_the_wrong_length_is_named(logged: Chat, edit: str) -> None:
    anchors.anchor()
    leaf = LogLeaf.objects.filter(kind="message").order_by("index")[2]
    as_superuser(SHORT[edit], leaf.index)
    assert [fault.index for fault in verify().faults] == [leaf.index]


ODD = ['"', "\\", "\\N", "\t", "\n", "\r", "null", "\x01", "a|b", "é", "👋"]


@pytest.mark.parametrize("text", ODD)
def test_odd_text_written_into_a_name_is_named(logged: Chat, text: str) -> None:
    anchors.anchor()
    pk = message_of(logged.rows[2]).pk
    leaf = LogLeaf.objects.get(kind="message", ref=pk)
    for column in ("sender", "room_id"):
        statement = f"UPDATE compliance_archivedmessage SET {column} = %s WHERE id = %s"
        as_superuser(statement, text, pk)
    assert [fault.index for fault in verify().faults] == [leaf.index]
