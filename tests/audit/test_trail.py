"""The trail is append-only, complete and scoped."""

import pytest
from django.db import DatabaseError, connection, transaction

from scrm.accounts.models import User
from scrm.audit.models import AuditEvent
from scrm.audit.services import record
from tests.factories.cast import Cast


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditevent SET reason = 'x'",
        "DELETE FROM audit_auditevent",
        "TRUNCATE audit_auditevent",
    ],
)
def test_the_database_refuses_any_change(cast: Cast, statement: str) -> None:
    record("customer.view", actor=cast.alice, obj=cast.wang)
    before = list(AuditEvent.objects.values())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement)
    assert list(AuditEvent.objects.values()) == before


def test_an_unknown_action_is_an_error(cast: Cast) -> None:
    with pytest.raises(KeyError):
        record("customer.steal", actor=cast.alice)


def _views(user: User) -> set[AuditEvent]:
    return set(AuditEvent.objects.visible_to(user).filter(action="customer.view"))


def test_events_are_scoped(cast: Cast) -> None:
    ours = record("customer.view", actor=cast.alice, obj=cast.wang)
    theirs = record("customer.view", actor=cast.bob, obj=cast.li)
    seen = {who: _views(user) for who, user in cast.people().items()}
    assert seen["compliance"] == {ours}
    assert seen["auditor"] == seen["hq_admin"] == {ours, theirs}
    assert seen["rm"] == seen["branch_admin"] == set()


def test_sign_in_and_failure_are_recorded(cast: Cast, client) -> None:
    cast.alice.set_password("correct horse")
    cast.alice.save()
    client.post("/login/", {"username": "alice", "password": "wrong"})
    client.post("/login/", {"username": "alice", "password": "correct horse"})
    actions = list(
        AuditEvent.objects.filter(action__startswith="user.")
        .order_by("id")
        .values_list("action", flat=True)
    )
    assert actions == ["user.login_failed", "user.login"]
