"""WeCom's calls for the two kinds of live code, under one shape."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from channels.models import AnyCode, ContactWay, FoundWay
from channels.models.codes import Payload
from channels.providers.wecom.api import WeCom, wecom
from channels.providers.wecom.api.contact_ways import MULTIPLE, QR_CODE
from channels.providers.wecom.api.family import Row

# WeCom's clock and ours need not agree to the second.
_SKEW = datetime.timedelta(minutes=5)


class Driver(Protocol):
    # False: WeCom has no list to look a lost answer up in.
    can_find: ClassVar[bool]

    def add(self, code: AnyCode, payload: Payload) -> tuple[str, str]:
        """(config_id, address of the picture; empty when it must be read)."""

    def update(self, code: AnyCode, payload: Payload) -> None: ...
    def delete(self, config_id: str) -> None: ...
    def read(self, config_id: str) -> Row: ...
    def find(self, code: AnyCode) -> str:
        """config_id of the code that WeCom made for us without our hearing of it; else empty."""


@dataclass(frozen=True, slots=True)
class ContactWayDriver:
    wecom: WeCom
    can_find: ClassVar[bool] = True

    def add(self, code: AnyCode, payload: Payload) -> tuple[str, str]:
        exclusive = {"is_exclusive": isinstance(code, ContactWay) and code.is_exclusive}
        return self.wecom.contact_ways.add(MULTIPLE, QR_CODE, {**payload, **exclusive})  # type: ignore[typeddict-item]

    def update(self, code: AnyCode, payload: Payload) -> None:
        had = code.pushed or {}
        changes = {name: value for name, value in payload.items() if had.get(name) != value}
        self.wecom.contact_ways.update(code.config_id, changes)  # type: ignore[arg-type]

    def delete(self, config_id: str) -> None:
        self.wecom.contact_ways.delete(config_id)

    def read(self, config_id: str) -> Row:
        return self.wecom.contact_ways.one(config_id)

    def find(self, code: AnyCode) -> str:
        """Looks only at what was made since we asked; the state is ours alone."""
        if code.adding_since is None:
            return ""
        start = int((code.adding_since - _SKEW).timestamp())
        made = list(self.wecom.contact_ways.ids(start=start))
        known = {
            *ContactWay.objects.filter(config_id__in=made).values_list("config_id", flat=True),
            *_others(made, code.channel_state),
        }
        for config_id in made:
            if config_id not in known and self.read(config_id).get("state") == code.channel_state:
                return config_id
        return ""


def _others(config_ids: list[str], state: str) -> Iterable[str]:
    """Codes that a walk has read and that carry another state."""
    rows = FoundWay.objects.filter(config_id__in=config_ids).exclude(read_at=None)
    return rows.exclude(channel_state=state).values_list("config_id", flat=True)


@dataclass(frozen=True, slots=True)
class JoinWayDriver:
    wecom: WeCom
    can_find: ClassVar[bool] = False

    def add(self, code: AnyCode, payload: Payload) -> tuple[str, str]:
        return self.wecom.groups.add_join_way(payload), ""  # type: ignore[arg-type]

    def update(self, code: AnyCode, payload: Payload) -> None:
        if code.pushed and code.pushed["chat_id_list"] == payload["chat_id_list"]:
            # Nobody here has changed the groups: those that WeCom has made since must stay.
            there = self.read(code.config_id)["chat_id_list"]
            payload = {**payload, "chat_id_list": there}
        self.wecom.groups.update_join_way(code.config_id, payload)  # type: ignore[arg-type]

    def delete(self, config_id: str) -> None:
        self.wecom.groups.delete_join_way(config_id)

    def read(self, config_id: str) -> Row:
        return self.wecom.groups.join_way(config_id)

    def find(self, code: AnyCode) -> str:
        return ""


def driver_of(code: AnyCode) -> Driver:
    client = wecom(code.corp_id)
    return ContactWayDriver(client) if isinstance(code, ContactWay) else JoinWayDriver(client)
