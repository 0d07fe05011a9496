"""The simulated corp as one object: state, rules, and the way out for callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from channels.sandbox.callbacks.outbox import CallbackOutbox
from channels.sandbox.config import Config
from channels.sandbox.errors import WeComError
from channels.sandbox.state.clock import Clock
from channels.sandbox.state.faults import Faults
from channels.sandbox.state.keys import ArchiveKeys
from channels.sandbox.state.limits import Limits
from channels.sandbox.state.media import MediaStore
from channels.sandbox.state.messages import Message, MessageLog
from channels.sandbox.state.relations import Relations
from channels.sandbox.state.settings import Settings
from channels.sandbox.state.store import Store, Table
from channels.sandbox.types import Doc


class Sandbox:
    def __init__(self, config: Config) -> None:
        self.config = config
        self.store = Store(config.state_dir / "sandbox.db")
        self.clock = Clock(self.store)
        self.settings = Settings(self.store)
        self.faults = Faults(self.store)
        self.limits = Limits(self.settings)
        self.keys = ArchiveKeys(self.store, config.public_keys_dir)
        self.media = MediaStore(self.store, config.state_dir / "media", self.clock)
        self.relations = Relations(self.store)
        self.messages = MessageLog(self.store)
        self.callbacks = CallbackOutbox(self.store, self.clock, config)
        self.departments = self.table("departments")
        self.members = self.table("members")
        self.contacts = self.relations.contacts
        self.tag_groups = self.table("tag_groups")
        self.tags_known: tuple[int, Any] = (-1, None)
        self.tasks = self.table("tasks")
        self.shares = self.table("shares")
        # Simulated people watch what happens; nothing else may depend on the order of observers.
        self.message_observers: list[Callable[[list[Message]], None]] = []
        self.task_observers: list[Callable[[Doc], None]] = []

    def table(self, name: str) -> Table:
        return self.store.table(name)

    def emit(self, event: str, change_type: str = "", **fields: object) -> None:
        """Queue a callback. Only people's actions call this: API writes make no events."""
        self.callbacks.add(event, change_type, fields)

    def record(self, messages: list[Message]) -> None:
        self.messages.add(messages)
        for observer in self.message_observers:
            observer(messages)

    def commit(self) -> None:
        self.store.commit()

    def close(self) -> None:
        self.store.close()

    # Look-ups that every API module needs, with the contract's refusals.

    def member(self, userid: object, code: int = 60111) -> Doc:
        row = self.members.get(userid.lower()) if isinstance(userid, str) else None
        if row is None or row["userid"] in self.settings["hidden_members"]:
            raise WeComError(code)
        return row

    def contact(self, external_userid: object) -> Doc:
        row = self.contacts.get(external_userid) if isinstance(external_userid, str) else None
        if row is None:
            raise WeComError(40096)
        return row

    def follow(self, userid: object, external_userid: object) -> Doc:
        """The live relation, seen from the API: 84061 when there is none (or only half)."""
        member = self.member(userid)
        contact = self.contact(external_userid)
        found = self.relations.follow(member["userid"], contact["external_userid"])
        if found is None or found.get("half"):
            raise WeComError(84061)
        return found

    def visible_members(self) -> list[Doc]:
        hidden = self.settings["hidden_members"]
        return [row for row in self.members.values() if row["userid"] not in hidden]
