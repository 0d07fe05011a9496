"""Rows by COPY arrive as they were given, inside a transaction or without one."""

import datetime

import pytest
from django.db import IntegrityError, transaction

from compliance.models import ArchivedMessage, ArchiveEnvelope, LogLeaf, MessageIndex
from compliance.models.content import Content
from contacts.intake import Fact, note_events
from contacts.models import CustomerEvent
from scrm.core import bulk
from scrm.core.crypto import DecryptionFailed
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import as_superuser

NASTY = "制表\t换行\n回车\r反斜\\N 引号\"' 表情🙂 空\u200b"


def _envelope(seq: int) -> ArchiveEnvelope:
    return ArchiveEnvelope(corp_id="c", seq=seq, msgid=NASTY, publickey_ver=1)


def _message(envelope: ArchiveEnvelope, text: str) -> ArchivedMessage:
    return ArchivedMessage(
        envelope=envelope,
        msgid="m",
        action="send",
        msgtype="text",
        sender=NASTY,
        receivers=[NASTY],
        sent_at=datetime.datetime(2024, 6, 7, 8, 9, 10, 11, tzinfo=datetime.UTC),
        from_staff=False,
        conversation="c",
        content=Content.of(NASTY, text),
    )


@pytest.mark.django_db
def test_values_arrive_whole() -> None:
    envelopes = [_envelope(1), _envelope(2)]
    bulk.copy_in(envelopes)
    bulk.copy_in([_message(envelopes[0], NASTY), _message(envelopes[1], "")])
    first, second = ArchivedMessage.objects.order_by("id")
    assert (first.envelope.msgid, first.sender, first.receivers) == (NASTY, NASTY, [NASTY])
    assert (first.body, first.text, second.text) == (NASTY, NASTY, "")
    assert first.sent_at == datetime.datetime(2024, 6, 7, 8, 9, 10, 11, tzinfo=datetime.UTC)
    assert (first.from_staff, first.user, first.customer) == (False, None, None)
    bulk.copy_in([])
    bulk.insert_new([])


@pytest.mark.django_db
def test_numbers_bytes_and_times_arrive_whole() -> None:
    at = datetime.datetime(1969, 7, 20, 20, 17, 40, 7, tzinfo=datetime.UTC)
    tokyo = datetime.timezone(datetime.timedelta(hours=9))
    later = datetime.datetime(2031, 2, 3, 4, 5, 6, 999_999, tzinfo=tokyo)
    entry = {"from_staff": True, "msgtype": NASTY[:20]}
    bulk.copy_in(
        [
            MessageIndex(message_id=2**40, sent_at=at, user_id=-1, tokens=[-(2**31), 7], **entry),
            MessageIndex(message_id=2, sent_at=later, customer_id=5, tokens=[], **entry),
        ]
    )
    second, first = MessageIndex.objects.order_by("pk")
    assert (first.pk, first.sent_at, first.tokens) == (2**40, at, [-(2**31), 7])
    assert (first.user_id, first.customer_id, first.from_staff) == (-1, None, True)
    assert (second.sent_at, second.tokens, second.msgtype) == (later, [], NASTY[:20])
    hashes = {"sha256": bytes(range(256)), "sm3": b"", "created_at": at}
    bulk.copy_in([LogLeaf(index=0, kind="event", ref=None, facts=NASTY, **hashes)])
    leaf = LogLeaf.objects.get()
    assert (bytes(leaf.sha256), bytes(leaf.sm3)) == (hashes["sha256"], b"")
    assert (leaf.ref, leaf.facts, leaf.created_at) == (None, NASTY, at)


@pytest.mark.django_db
def test_a_conflict_fails_copy_and_is_left_out_by_insert_new() -> None:
    bulk.copy_in([_envelope(1)])
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.copy_in([_envelope(2), _envelope(1)])
    bulk.insert_new([_envelope(1), _envelope(3), _envelope(3)])
    assert set(ArchiveEnvelope.objects.values_list("seq", flat=True)) == {1, 3}


@pytest.mark.django_db(transaction=True)
def test_insert_new_needs_no_transaction_around_it(cast: Cast) -> None:
    contact, at = befriend(cast.wang), datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    fact = Fact("sent", contact, cast.alice, at, "k1")
    note_events([fact, fact])
    note_events([fact, Fact("sent", contact, cast.alice, at, "k2")])
    assert CustomerEvent.objects.filter(contact=contact, kind="sent").count() == 2


@pytest.mark.django_db
def test_a_ciphertext_moved_to_another_row_does_not_open() -> None:
    envelopes = [_envelope(1), _envelope(2)]
    bulk.copy_in(envelopes)
    bulk.copy_in([_message(envelopes[0], "甲说的"), _message(envelopes[1], "乙说的")])
    as_superuser(
        "UPDATE compliance_archivedmessage SET content = "
        "(SELECT content FROM compliance_archivedmessage WHERE envelope_id = %s)",
        envelopes[0].pk,
    )
    first, second = ArchivedMessage.objects.order_by("id")
    assert first.text == "甲说的"
    with pytest.raises(DecryptionFailed):
        str(second.text)


@pytest.mark.django_db
def test_plain_text_cannot_slip_past_the_row() -> None:
    with pytest.raises(TypeError, match="through its row"):
        ArchivedMessage.objects.filter(pk=1).update(content="明文")
