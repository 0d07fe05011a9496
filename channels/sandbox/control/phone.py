"""What one member sees on the simulated phone."""

from __future__ import annotations

from aiohttp import web

from channels.sandbox.core import Sandbox
from channels.sandbox.corp import mass_send
from channels.sandbox.dispatch import BOX
from channels.sandbox.errors import ControlError
from channels.sandbox.types import Doc, Docs

_CHATS, _NOTICES, _LINES = 40, 30, 200


async def phone(request: web.Request) -> Doc:
    box = request.app[BOX]
    member = box.members.get(request.match_info["userid"].lower())
    if member is None:
        raise ControlError("没有这个 userid。")
    userid = member["userid"]
    return {
        "userid": userid, "name": member["name"], "position": member.get("position", ""),
        "customers": box.relations.count_of(userid), "tasks": _tasks(box, userid),
        "chats": _chats(box, userid), "notices": _notices(box, userid),
        "now": box.clock.seconds(),
    }  # fmt: skip


def _tasks(box: Sandbox, userid: str) -> Docs:
    return [
        {
            "msgid": task["msgid"], "text": task["text"]["content"],
            "attachments": [_attachment(item) for item in task["attachments"]],
            "chat_type": task["chat_type"], "create_time": task["create_time"],
            "recipients": len(share["rows"]), "reminders": len(task["reminders"]),
            "names": [_name(box, row[0]) for row in share["rows"][:3]],
        }
        for task, share in mass_send.pending_of(box, userid)
    ]  # fmt: skip


def _attachment(item: Doc) -> Doc:
    kind = item["msgtype"]
    body = item.get(kind) or {}
    return {"kind": kind, "title": body.get("title", ""), "url": body.get("url", "")}


def _chats(box: Sandbox, userid: str) -> Docs:
    chats = []
    for customer, newest in box.messages.latest_per_customer(userid, _CHATS):
        last = box.messages.select("id = ?", newest, limit=1)[0]
        follow = box.relations.follow(userid, customer) or {}
        chats.append(
            {
                "external_userid": customer,
                "name": _name(box, customer),
                "remark": follow.get("remark", ""),
                "text": last["text"] or f"[{last['msgtype']}]",
                "msgtime": last["msgtime"],
                "mine": last["from"] == userid,
                "gone": not follow or bool(follow.get("deleted_by_customer")),
            }
        )
    return chats


def _notices(box: Sandbox, userid: str) -> Docs:
    rows = [row for row in box.table("notices").values() if userid in row["to"]]
    return rows[-_NOTICES:][::-1]


def _name(box: Sandbox, key: str) -> str:
    contact = box.contacts.get(key)
    chat = box.table("groups").get(key)
    return str((contact or chat or {}).get("name") or key)


async def conversation(request: web.Request) -> Doc:
    """?userid=&external_userid= the lines of one chat."""
    box, query = request.app[BOX], request.query
    member, customer = query.get("userid", ""), query.get("external_userid", "")
    rows = box.messages.select("member = ? AND customer = ?", member, customer, limit=_LINES)
    return {"name": _name(box, customer), "messages": rows}
