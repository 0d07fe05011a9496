"""Messages name existing people, checked by the database a statement at a time."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from compliance.models import ArchivedMessage, ArchiveEnvelope
from compliance.models.content import Content
from scrm.core import bulk
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import HARMLESS, Chat

COLUMNS = {
    "user_id": "accounts_user",
    "contact_id": "contacts_externalcontact",
    "customer_id": "contacts_customer",
}
FACTS = ("msgid", "action", "msgtype", "sender", "receivers", "sent_at", "from_staff")


def _message(envelope: ArchiveEnvelope, **people: Any) -> ArchivedMessage:
    facts = ArchivedMessage.objects.values(*FACTS).order_by("id")[0]
    return ArchivedMessage(envelope=envelope, content=Content.of("{}", "您好"), **facts, **people)


@pytest.fixture
def said(cast: Cast, chat: Chat) -> ArchivedMessage:
    chat.say("alice", befriend(cast.wang).external_userid, HARMLESS)
    chat.archive()
    return ArchivedMessage.objects.get()


@pytest.mark.parametrize("column", COLUMNS)
def test_a_message_of_nobody_is_refused_with_all_beside_it(
    said: ArchivedMessage, column: str
) -> None:
    envelopes = [ArchiveEnvelope(corp_id="c", seq=n, publickey_ver=1) for n in (1, 2)]
    bulk.copy_in(envelopes)
    good = _message(envelopes[0], **{name: getattr(said, name) for name in COLUMNS})
    with pytest.raises(IntegrityError, match=f"{column} names no row"), transaction.atomic():
        bulk.copy_in([good, _message(envelopes[1], **{column: 987_654})])
    assert ArchivedMessage.objects.count() == 1
    bulk.copy_in([good, _message(envelopes[1])])
    assert ArchivedMessage.objects.count() == 3


@pytest.mark.parametrize("column", COLUMNS)
def test_whoever_a_message_names_can_be_neither_deleted_nor_renumbered(
    said: ArchivedMessage, column: str
) -> None:
    for act in ("DELETE FROM {}", "UPDATE {} SET id = id + 1000"):
        statement = f"{act.format(COLUMNS[column])} WHERE id = %s"
        with pytest.raises(IntegrityError, match=f"{column} names this row"):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, [getattr(said, column)])
