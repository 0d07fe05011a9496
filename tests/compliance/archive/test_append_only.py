"""The database itself refuses to change the archive, whatever code asks."""

import pytest
from django.db import DatabaseError, connection, transaction

from compliance.archive.log import anchors
from compliance.models import LogSubtree
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import Chat

TABLES = [
    "archiveenvelope",
    "archivedmessage",
    "messagescan",
    "logleaf",
    "logsubtree",
    "loghead",
    "loganchor",
]


def fill() -> None:
    """A row trigger says nothing about an empty table."""
    anchors.anchor()
    LogSubtree.objects.create(height=8, index=0, sha256=b"", sm3=b"")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "verb", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_rows_cannot_be_changed(cast: Cast, chat: Chat, table: str, verb: str) -> None:
    chat.say("alice", befriend(cast.wang).external_userid, "您好")
    chat.archive()
    fill()
    refused = pytest.raises(DatabaseError, match="append-only")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        # Deferred foreign keys would refuse the TRUNCATE first.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(verb.format(f"compliance_{table}", "index" if table == "logleaf" else "id"))
