"""All kinds of walks, by name."""

from channels.org.walk import ORG
from channels.sync.contact_ways import CONTACT_WAYS
from channels.sync.contacts import CONTACTS
from channels.sync.groups import GROUPS
from channels.sync.kind import Kind
from channels.tags.walk import TAGS

_ALL = (ORG, TAGS, CONTACTS, GROUPS, CONTACT_WAYS)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}


def kind_of(name: str) -> Kind:
    return KINDS[name]
