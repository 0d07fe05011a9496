"""A customer opens an acquisition link, becomes a customer, and starts to talk."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from channels.sandbox import ids
from channels.sandbox.api.acquisition import link_members
from channels.sandbox.core import Sandbox
from channels.sandbox.corp import friends
from channels.sandbox.errors import ControlError
from channels.sandbox.state.messages import Message
from channels.sandbox.types import Doc

_STATE_BYTES = 64
_CHAT_KEY_SECONDS = 1800
_TOLD_AT = (3, 5, 10)


def open_link(box: Sandbox, fields: Doc) -> Doc:
    """{url (may carry ?customer_channel=) | link_id, external_userid?|name…}"""
    parts = urlsplit(str(fields.get("url") or ""))
    link_id = str(fields.get("link_id") or parts.path.rsplit("/", 1)[-1])
    link = box.table("links").get(link_id)
    if link is None:
        raise ControlError("没有这个获客链接。")
    channel = parse_qs(parts.query).get("customer_channel", [""])[0]
    state = channel.encode()[:_STATE_BYTES].decode(errors="ignore")
    link["clicks"] += 1
    box.table("links").save(link_id)
    told = {"LinkId": link_id, "State": state or None}
    box.emit("customer_acquisition", "friend_request", **told)
    userid = min(link_members(box, link), key=box.relations.count_of)
    joined = {**fields, "userid": userid, "add_way": 16, "state": state}
    added = friends.customer_add(box, joined)
    row = {"external_userid": added["external_userid"], "userid": userid, "chat_status": 0}
    link["customers"].append({**row, "state": state})
    return {**added, "state": state}


def watch_chats(box: Sandbox, messages: list[Message]) -> None:
    """First words start the chat; the third, fifth and tenth message are announced."""
    for message in messages:
        if message.sender != message.customer or message.room or message.source != "chat":
            continue
        for link in box.table("links").values():
            for row in link["customers"]:
                same = row["external_userid"] == message.customer
                if same and row["userid"] == message.member:
                    _count(box, link, row)


def _count(box: Sandbox, link: Doc, row: Doc) -> None:
    row["received"] = row.get("received", 0) + 1
    told = {"LinkId": link["link_id"], "State": row["state"] or None}
    if row["chat_status"] == 0:
        row["chat_status"] = 1
        who = {"UserID": row["userid"], "ExternalUserID": row["external_userid"]}
        box.emit("customer_acquisition", "customer_start_chat", **told, **who)
    if row["received"] in _TOLD_AT:
        key = ids.fresh("CK", 40)
        box.table("chat_keys").put(
            key,
            {
                "expires_at": box.clock.now() + _CHAT_KEY_SECONDS,
                "recv_msg_cnt": row["received"],
                "link_id": link["link_id"],
                **{name: row[name] for name in ("state", "userid", "external_userid")},
            },
        )
        box.emit("customer_acquisition", "message_from_customer", **told, ChatKey=key)
    box.table("links").save(link["link_id"])
