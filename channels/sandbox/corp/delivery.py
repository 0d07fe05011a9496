"""Putting a message into a chat, and so into the archive."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from channels.sandbox.core import Sandbox
from channels.sandbox.corp.content import Part
from channels.sandbox.state.messages import Message
from channels.sandbox.types import Doc


@dataclass(frozen=True, slots=True)
class Chat:
    """Where something is said: member and customer, or a room with its other people."""

    member: str
    customer: str = ""
    room: str = ""
    others: tuple[str, ...] = ()
    at: int = 0  # milliseconds; 0 = now. Only for seeding a past.

    def receivers(self, sender: str) -> list[str]:
        if self.room:
            return list(self.others)
        return [self.customer if sender == self.member else self.member]


# Kinds whose body does not stand under their own name.
BODY_KEYS: Final = {
    "external_redpacket": "redpacket", "docmsg": "doc", "markdown": "info", "news": "info",
    "voiptext": "info", "qydiskfile": "info",
}  # fmt: skip

# (what it came from: chat, mass, welcome …; the id of the task)
Origin = tuple[str, str]


def compose(
    box: Sandbox, chat: Chat, sender: str, parts: Iterable[Part], origin: Origin = ("chat", "")
) -> list[Message]:
    """Messages of one chat, not stored yet: a mass send stores thousands at once."""
    now = chat.at or box.clock.millis()
    archived, version = may_archive(box, chat.member, chat.customer), box.keys.current()
    receivers = chat.receivers(sender)
    made = []
    for kind, body in parts:
        msgid = new_msgid(now)
        plain = envelope(msgid, sender, receivers, now, chat.room)
        plain |= {"msgtype": kind, BODY_KEYS.get(kind, kind): body}
        message = Message(
            msgid=msgid, msgtime=now, member=chat.member, customer=chat.customer, sender=sender,
            plain=plain, room=chat.room, source=origin[0],
            source_id=origin[1], archived=archived, key_version=version,
        )  # fmt: skip
        made.append(message)
    return made


def envelope(msgid: str, sender: str, receivers: list[str], now: int, room: str = "") -> Doc:
    return {
        "msgid": msgid, "action": "send", "from": sender, "tolist": receivers, "roomid": room,
        "msgtime": now,
    }  # fmt: skip


def new_msgid(now: int) -> str:
    return f"{secrets.randbelow(10**19):019d}_{now}_external"


def send(
    box: Sandbox, chat: Chat, sender: str, parts: Iterable[Part], origin: Origin = ("chat", "")
) -> list[Message]:
    messages = compose(box, chat, sender, parts, origin)
    box.record(messages)
    box.relations.touch(chat.member, chat.customer, box.clock.seconds())
    return messages


def may_archive(box: Sandbox, member: str, customer: str) -> bool:
    if not box.settings["archive_opened"] or member in box.settings["unpermitted_members"]:
        return False
    return bool(agree_status(box, member, customer)["agree_status"] == "Agree")


def agree_status(box: Sandbox, member: str, customer: str) -> Doc:
    row = box.table("agrees").get(f"{member}|{customer}")
    if row is not None:
        return row
    follow = box.relations.follow(member, customer) or {}
    return {
        "agree_status": box.settings["default_agree"],
        "status_change_time": follow.get("createtime", 0),
    }  # fmt: skip
