"""All event types of WeCom that have an entry."""

from channels.inbox.handlers import (
    acquisition,
    app,
    archive,
    contacts,
    groups,
    jobs,
    messages,
    org,
    tags,
)
from channels.inbox.handlers.base import Handler, Handlers
from channels.models import InboxEvent

_NOUNS = (contacts, groups, tags, org, archive, acquisition, app, jobs, messages)


def _merged() -> Handlers:
    merged: Handlers = {}
    for noun in _NOUNS:
        if twice := merged.keys() & noun.HANDLERS.keys():
            raise ValueError(f"two handlers for {sorted(twice)}")
        merged |= noun.HANDLERS
    return merged


HANDLERS = _merged()


def _find(event: str, change: str) -> Handler | None:
    return HANDLERS.get((event, change)) or HANDLERS.get((event, "*"))


def handler_of(event: InboxEvent) -> Handler | None:
    """None: a type that WeCom invented after us; it is kept as ignored and shown."""
    return _find(event.event, event.change_type)


def name_of(event: InboxEvent) -> str:
    """The event's Chinese name; the raw type of an unknown one."""
    handler = handler_of(event)
    return handler.name if handler else str(event)
