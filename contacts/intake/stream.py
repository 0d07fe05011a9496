"""Facts for the behaviour stream."""

import datetime
from collections.abc import Iterable
from typing import NamedTuple

from contacts.models import CustomerEvent, ExternalContact
from scrm.accounts.models import User
from scrm.core import bulk

# Shared by all facts without any; nobody writes into it.
_NOTHING: dict[str, object] = {}


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
    bulk.insert_new([_event(fact) for fact in facts])


def _event(fact: Fact) -> CustomerEvent:
    return bulk.made(
        CustomerEvent,
        {
            "customer_id": fact.contact.customer_id if fact.contact else None,
            "contact_id": fact.contact.pk if fact.contact else None,
            "user_id": fact.user.pk if fact.user else None,
            "kind": fact.kind,
            "occurred_at": fact.at,
            "source": fact.source,
            "properties": fact.properties,
            "key": fact.key,
        },
    )


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
    CustomerEvent.objects.bulk_create(
        [_event(Fact(kind, contact, user, at, key, source, properties))], ignore_conflicts=True
    )
