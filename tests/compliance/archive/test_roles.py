"""The application's database role does all the work and can rewrite nothing of it."""

from collections.abc import Iterator

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection

from compliance.archive.log import anchors
from compliance.archive.verify.service import verify
from compliance.models import LogLeaf
from scrm.audit.services import record
from scrm.core.roles import append_only_tables
from tests.factories.cast import befriend, make
from tests.factories.compliance import Chat

ROLE = "scrm_app_of_tests"


@pytest.fixture
def as_application(transactional_db: None) -> Iterator[None]:
    """From here on this process is connected as the application's role."""
    call_command("db_roles", ROLE, verbosity=0)
    owner = connection.settings_dict["USER"]
    connection.close()
    connection.settings_dict["USER"] = ROLE
    yield
    connection.close()
    connection.settings_dict["USER"] = owner
    with connection.cursor() as cursor:
        cursor.execute(f"DROP OWNED BY {ROLE}")
        cursor.execute(f"DROP ROLE {ROLE}")


def _refused(statement: str) -> None:
    with connection.cursor() as cursor, pytest.raises(Exception) as caught:
        cursor.execute(statement)
    cause = caught.value.__cause__
    assert isinstance(cause, psycopg2.errors.InsufficientPrivilege), (statement, cause)


def test_it_works_and_rewrites_nothing(as_application: None, chat: Chat) -> None:
    cast = make()
    chat.say("alice", befriend(cast.wang).external_userid, "您好")
    assert chat.archive() == 1
    record("archive.view", actor=cast.officer)
    assert anchors.anchor()
    assert verify().ok
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, session_user")
        assert cursor.fetchone() == (ROLE, ROLE)
        cursor.execute("SELECT contacts_ensure_event_partitions('2031-01-01', '2031-02-01')")
    tables = append_only_tables()
    assert {"compliance_logleaf", "compliance_archivedmessage", "audit_auditevent"} <= set(tables)
    for table in tables:
        _refused(f"DELETE FROM {table}")
        _refused(f"TRUNCATE {table} CASCADE")
        _refused(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        _refused(f"DROP TABLE {table} CASCADE")
    for table, column in {
        "compliance_logleaf": "sha256",
        "compliance_loghead": "hmac",
        "compliance_archivedmessage": "sender",
        "compliance_archivedmessage ": "content",
        "compliance_archiveenvelope": "seq",
        "compliance_messagescan": "severity",
        "compliance_decision": "reason",
        "audit_auditevent": "reason",
    }.items():
        # The content may be updated by right; its trigger lets pass a purge by two people and content
        # under another key, which the database cannot read: that it is the same, the leaf proves.
        value = "content || 'x'" if column == "content" else column
        _refused(f"UPDATE {table} SET {column} = {value}")
    for statement in (
        "SET session_replication_role = replica",
        "CREATE TABLE mine (id int)",
        "CREATE OR REPLACE FUNCTION scrm_refuse_change() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NEW; END'",
        f"ALTER ROLE {ROLE} SUPERUSER",
        "DELETE FROM django_migrations",
    ):
        _refused(statement)
    assert LogLeaf.objects.exists()
    assert verify().ok
