"""Archives from before a message's body and text were sealed in one keep their proof."""

from importlib import import_module

import pytest
from django.db import connection, transaction
from django.utils import timezone

from compliance.archive.log import anchors
from compliance.archive.verify.service import verify
from compliance.models import ArchivedMessage, PurgeItem, PurgeRequest
from scrm.core import crypto
from scrm.core.crypto import DecryptionFailed
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import HARMLESS, RISKY, Chat, as_superuser

step = import_module("compliance.migrations.0021_one_sealed_content")
TABLE = "compliance_archivedmessage"


@pytest.fixture
def before(cast: Cast, chat: Chat) -> list[tuple[str, str]]:
    """An archive as it stood then; returns what its messages say."""
    to = befriend(cast.wang).external_userid
    for text in (HARMLESS, RISKY, "“引号”\n与换行"):
        chat.say("alice", to, text)
    chat.archive()
    anchors.anchor()
    said = [(message.body, message.text) for message in ArchivedMessage.objects.order_by("id")]
    _two_columns()
    return said


def _two_columns() -> None:
    rows = [(m.pk, m.envelope_id, m.body, m.text) for m in ArchivedMessage.objects.all()]
    as_superuser(
        f"ALTER TABLE {TABLE} ADD COLUMN body text DEFAULT '', ADD COLUMN text text DEFAULT ''"
    )
    as_superuser(f"UPDATE {TABLE} SET content = ''")
    for pk, envelope, *values in rows:
        for column, value in zip(("body", "text"), values, strict=True):
            sealed = crypto.encrypt(value, f"{TABLE}.{column}|{envelope}")
            as_superuser(f"UPDATE {TABLE} SET {column} = %s WHERE id = %s", sealed, pk)


def _migrate() -> None:
    with transaction.atomic(), connection.schema_editor() as editor:
        step.seal_in_one(None, editor)


def test_what_was_said_and_its_proof_stay(before: list[tuple[str, str]]) -> None:
    assert not verify().ok
    _migrate()
    now = [(message.body, message.text) for message in ArchivedMessage.objects.order_by("id")]
    assert now == before
    assert verify().ok


def test_what_does_not_open_ends_it_with_nothing_changed(before: list[tuple[str, str]]) -> None:
    last = ArchivedMessage.objects.latest("id").pk
    as_superuser(f"UPDATE {TABLE} SET body = text WHERE id = %s", last)
    with pytest.raises(DecryptionFailed):
        _migrate()
    assert set(ArchivedMessage.objects.values_list("content", flat=True)) == {""}


def test_what_was_purged_stays_empty(before: list[tuple[str, str]], cast: Cast) -> None:
    gone, today = ArchivedMessage.objects.earliest("id"), timezone.localdate()
    request = PurgeRequest.objects.create(reason="期满", as_of=today, proposed_by=cast.hq)
    PurgeItem.objects.create(
        request=request, message=gone, rule="chat", until=today, state=PurgeItem.State.PURGED
    )
    as_superuser(f"UPDATE {TABLE} SET body = '', text = '' WHERE id = %s", gone.pk)
    _migrate()
    gone.refresh_from_db()
    assert (gone.content, gone.text) == ("", "")
    assert not ArchivedMessage.objects.exclude(pk=gone.pk).filter(content="").exists()
