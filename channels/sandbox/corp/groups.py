"""Customer groups.

group: {chat_id, name, owner, notice, create_time, admin_list, status, member_version,
        members:[{userid, type 1/2, join_time, join_scene, unionid?, invitor?, state?, name}],
        previous: what `groupchat/get` still shows shortly after a change, changed_at}
"""

from __future__ import annotations

import copy
import hashlib
from typing import Any

from channels.sandbox import ids
from channels.sandbox.core import Sandbox
from channels.sandbox.errors import ControlError
from channels.sandbox.types import Doc

INVITED, BY_LINK, BY_QR = 1, 2, 3


def version_of(members: list[Doc]) -> str:
    joined = ",".join(sorted(row["userid"] for row in members))
    return hashlib.md5(joined.encode(), usedforsecurity=False).hexdigest()


def person(box: Sandbox, userid: str, scene: int, **extra: Any) -> Doc:
    member = box.members.get(userid.lower())
    contact = box.contacts.get(userid)
    if member is None and contact is None:
        raise ControlError(f"没有叫 {userid} 的人。")
    known = member or contact or {}
    row: Doc = {
        "userid": known.get("userid") or known["external_userid"],
        "type": 1 if member else 2,
        "join_time": box.clock.seconds(),
        "join_scene": scene,
        "group_nickname": "",
        "name": known["name"],
        **extra,
    }
    if known.get("unionid"):
        row["unionid"] = known["unionid"]
    return row


def create(box: Sandbox, fields: Doc, event: bool = True) -> Doc:
    """{owner, name?, members?: [userid or external_userid], chat_id?}"""
    owner = box.member(fields.get("owner"))["userid"]
    others = [userid for userid in fields.get("members") or [] if userid != owner]
    members = [person(box, owner, INVITED)]
    members += [person(box, userid, INVITED, invitor={"userid": owner}) for userid in others]
    chat_id = str(fields.get("chat_id") or ids.fresh("wr", 30))
    chat: Doc = {
        "chat_id": chat_id, "name": fields.get("name") or "客户群", "owner": owner,
        "notice": fields.get("notice", ""), "create_time": box.clock.seconds(), "admin_list": [],
        "status": 0, "members": members, "member_version": version_of(members),
    }  # fmt: skip
    box.table("groups").put(chat_id, chat)
    if event:
        box.emit("change_external_chat", "create", ChatId=chat_id)
    return chat


def find(box: Sandbox, chat_id: object) -> Doc:
    chat = box.table("groups").get(str(chat_id))
    if chat is None:
        raise ControlError("没有这个 chat_id。")
    return chat


def remember(box: Sandbox, chat: Doc) -> None:
    """Keep the present state: the API shows a change only some seconds after its event."""
    chat.pop("previous", None)
    chat["previous"] = copy.deepcopy(chat)
    chat["changed_at"] = box.clock.now()
    box.table("groups").save(chat["chat_id"])


def shown(box: Sandbox, chat: Doc) -> Doc:
    late = box.clock.now() < chat.get("changed_at", 0) + box.settings["group_lag_seconds"]
    return dict(chat["previous"]) if late and "previous" in chat else chat


def join(box: Sandbox, fields: Doc) -> Doc:
    """{chat_id, userid | external_userid, scene?, state?}"""
    chat = find(box, fields.get("chat_id"))
    who = str(fields.get("external_userid") or fields.get("userid") or "")
    if any(row["userid"] == who for row in chat["members"]):
        raise ControlError("已经在这个群里。")
    extra = {"state": fields["state"]} if fields.get("state") else {}
    row = person(box, who, int(fields.get("scene") or BY_QR), **extra)
    remember(box, chat)
    chat["members"].append(row)
    _announce(box, chat, "add_member", [who], JoinScene=0 if row["join_scene"] == INVITED else 3)
    return {"chat_id": chat["chat_id"], "members": len(chat["members"])}


def leave(box: Sandbox, fields: Doc) -> Doc:
    """{chat_id, userid | external_userid, removed?: bool}"""
    chat = find(box, fields.get("chat_id"))
    who = str(fields.get("external_userid") or fields.get("userid") or "")
    if who == chat["owner"] or all(row["userid"] != who for row in chat["members"]):
        raise ControlError("这个人不能离开该群。")
    remember(box, chat)
    chat["members"] = [row for row in chat["members"] if row["userid"] != who]
    _announce(box, chat, "del_member", [who], QuitScene=1 if fields.get("removed") else 0)
    return {"chat_id": chat["chat_id"], "members": len(chat["members"])}


def _announce(box: Sandbox, chat: Doc, detail: str, who: list[str], **extra: object) -> None:
    last = chat["member_version"]
    chat["member_version"] = version_of(chat["members"])
    box.table("groups").save(chat["chat_id"])
    box.emit(
        "change_external_chat", "update", ChatId=chat["chat_id"], UpdateDetail=detail, **extra,
        MemChangeCnt=len(who), MemChangeList={"Item": who}, LastMemVer=last,
        CurMemVer=chat["member_version"],
    )  # fmt: skip


def change(box: Sandbox, fields: Doc) -> Doc:
    """{chat_id, name? | notice? | owner?}"""
    chat = find(box, fields.get("chat_id"))
    for name in ("name", "notice", "owner"):
        if fields.get(name):
            remember(box, chat)
            chat[name] = fields[name]
            box.table("groups").save(chat["chat_id"])
            detail = f"change_{name}"
            box.emit("change_external_chat", "update", ChatId=chat["chat_id"], UpdateDetail=detail)
    return {"chat_id": chat["chat_id"]}


def dismiss(box: Sandbox, fields: Doc) -> Doc:
    chat = find(box, fields.get("chat_id"))
    box.table("groups").drop(chat["chat_id"])
    box.emit("change_external_chat", "dismiss", ChatId=chat["chat_id"])
    return {"chat_id": chat["chat_id"]}
