"""Putting a message into a chat, and so into the archive."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from channels.sandbox.core import Sandbox
from channels.sandbox.corp.content import Part
from channels.sandbox.state.messages import Message
from channels.sandbox.types import Doc


def compose(
    box: Sandbox,
    sender: str,
    member: str,
    customer: str,
    parts: Iterable[Part],
    source: str = "chat",
    source_id: str = "",
    room: str = "",
    to: list[str] | None = None,
) -> list[Message]:
    """Messages of one chat, not stored yet: a mass send stores thousands at once.

    `member` and `customer` name the chat; `sender` is one of them, or somebody of the room.
    """
    archived = may_archive(box, member, customer)
    now, version = box.clock.millis(), box.keys.current()
    receivers = to if to is not None else [customer if sender == member else member]
    made = []
    for kind, body in parts:
        msgid = new_msgid(now)
        plain = envelope(msgid, sender, receivers, now, room) | {"msgtype": kind, kind: body}
        made.append(
            Message(
                msgid,
                now,
                member,
                customer,
                sender,
                plain,
                room,
                source,
                source_id,
                archived,
                version,
            )
        )
    return made


def envelope(msgid: str, sender: str, receivers: list[str], now: int, room: str = "") -> Doc:
    return {
        "msgid": msgid, "action": "send", "from": sender, "tolist": receivers, "roomid": room,
        "msgtime": now,
    }  # fmt: skip


def new_msgid(now: int) -> str:
    return f"{secrets.randbelow(10**19):019d}_{now}_external"


def send(
    box: Sandbox,
    sender: str,
    member: str,
    customer: str,
    parts: Iterable[Part],
    source: str = "chat",
    source_id: str = "",
) -> list[Message]:
    messages = compose(box, sender, member, customer, parts, source, source_id)
    box.record(messages)
    box.relations.touch(member, customer, box.clock.seconds())
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
