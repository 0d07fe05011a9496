"""Facts for the behaviour stream."""

import datetime
from collections.abc import Iterable
from typing import Any, NamedTuple

from contacts.models import CustomerEvent, ExternalContact
from scrm.accounts.models import User
from scrm.core import bulk

# Shared by all facts without any; nobody writes into it.
_NOTHING: dict[str, object] = {}
_COLUMNS = (
    "customer_id",
    "contact_id",
    "user_id",
    "kind",
    "occurred_at",
    "source",
    "properties",
    "key",
)


class Fact(NamedTuple):
    """Something that happened between an employee and a contact; the same key and time is told once."""

    kind: str
    contact: ExternalContact | None
    user: User | None
    at: datetime.datetime
    key: str
    source: str = "wecom"
    properties: dict[str, object] = _NOTHING


def note_events(facts: Iterable[Fact]) -> None:
    """Adds facts to the behaviour stream, all in one statement."""
    if rows := [_row(fact) for fact in facts]:
        columns = zip(*rows, strict=True)
        bulk.insert_new_columns(CustomerEvent, dict(zip(_COLUMNS, columns, strict=True)))


def _row(fact: Fact) -> tuple[Any, ...]:
    kind, contact, user, at, key, source, properties = fact
    customer = contact.customer_id if contact else None
    contact_id, user_id = contact.id if contact else None, user.id if user else None
    return customer, contact_id, user_id, kind, at, source, properties, key


def note_event(
    *,
    kind: str,
    contact: ExternalContact | None,
    user: User | None,
    at: datetime.datetime,
    key: str,
    source: str = "wecom",
    **properties: object,
) -> None:
    """Adds one fact to the behaviour stream; the same key at the same time is told once."""
    fact = Fact(kind, contact, user, at, key, source, properties)
    CustomerEvent.objects.bulk_create(
        [CustomerEvent(**dict(zip(_COLUMNS, _row(fact), strict=True)))], ignore_conflicts=True
    )
