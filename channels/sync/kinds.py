"""All kinds of walks, by name."""

from channels.org.walk import ORG
from channels.sync.contacts import CONTACTS
from channels.sync.groups import GROUPS
from channels.sync.kind import Kind

KINDS: dict[str, Kind] = {kind.name: kind for kind in (ORG, CONTACTS, GROUPS)}


def kind_of(name: str) -> Kind:
    return KINDS[name]
