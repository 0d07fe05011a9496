"""Customer groups and their join ways (contract section 3.5)."""

from __future__ import annotations

from channels.sandbox import ids, params
from channels.sandbox.corp import groups
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, api
from channels.sandbox.types import Doc

_MOST_VISIBLE = 1000


@api("externalcontact/groupchat/list")
def groupchat_list(call: Call) -> Doc:
    box, body = call.box, call.body
    wanted = params.choice(body, "status_filter", (0, 1, 2, 3), 0)
    owners = params.text_list(body.get("owner_filter") or {}, "userid_list", 100)
    params.need(body, "limit")
    if not owners and len(box.visible_members()) > _MOST_VISIBLE:
        raise WeComError(81017)
    lower = {owner.lower() for owner in owners}
    rows = [
        {"chat_id": chat["chat_id"], "status": chat["status"]}
        for chat in box.table("groups").values()
        if (not lower or chat["owner"].lower() in lower)
        and (wanted == 0 or chat["status"] == wanted)
    ]
    size = params.limit(body, 100, 1000)
    found, cursor = params.page(rows, body, size, box.settings["short_pages"])
    return {"group_chat_list": found, "next_cursor": cursor}


@api("externalcontact/groupchat/get")
def groupchat_get(call: Call) -> Doc:
    stored = call.box.table("groups").get(params.need_text(call.body, "chat_id"))
    if stored is None:
        raise WeComError(90501)
    chat = groups.shown(call.box, stored)
    with_names = params.choice(call.body, "need_name", (0, 1), 0)
    names = ("chat_id", "name", "owner", "create_time", "notice", "admin_list", "member_version")
    return {
        "group_chat": {
            **params.only(chat, *names),
            "member_list": [_person(row, with_names) for row in chat["members"]],
        }
    }


def _person(row: Doc, with_names: int) -> Doc:
    return {key: value for key, value in row.items() if key != "name" or with_names}


@api("externalcontact/opengid_to_chatid")
def opengid_to_chatid(call: Call) -> Doc:
    """The sandbox's opengid is the chat id with another prefix."""
    chat_id = "wr" + params.need_text(call.body, "opengid").removeprefix("og")
    if chat_id not in call.box.table("groups"):
        raise WeComError(86003)
    return {"chat_id": chat_id}


_WAY_FIELDS: Doc = {
    "scene": 0, "remark": "", "auto_create_room": 1, "room_base_name": "", "room_base_id": 0,
    "chat_id_list": [], "state": "", "mark_source": True,
}  # fmt: skip


def _way_fields(call: Call) -> Doc:
    """All fields: what is left out is cleared, also in an update."""
    body = call.body
    if params.need(body, "scene") not in (1, 2):
        raise WeComError(40058, "scene")
    chats = params.text_list(body, "chat_id_list", 5, code=41091)
    params.need(body, "chat_id_list")
    if any(chat_id not in call.box.table("groups") for chat_id in chats):
        raise WeComError(90501)
    params.text(body, "room_base_name", 40)
    params.text(body, "state", 30)
    given = {name: body.get(name, default) for name, default in _WAY_FIELDS.items()}
    # A long remark is cut, not refused.
    return {**given, "remark": str(given["remark"])[:30]}


@api("externalcontact/groupchat/add_join_way")
def add_join_way(call: Call) -> Doc:
    config_id = ids.fresh("", 32).lower()
    url = f"{call.box.config.public_url}/sandbox/qr/{config_id}.svg"
    way = {"config_id": config_id, **_way_fields(call), "qr_code": url}
    call.box.table("join_ways").put(config_id, way)
    return {"config_id": config_id}


def _way(call: Call) -> Doc:
    way = call.box.table("join_ways").get(params.need_text(call.body, "config_id", 41043))
    if way is None:
        raise WeComError(41044)
    return way


@api("externalcontact/groupchat/get_join_way")
def get_join_way(call: Call) -> Doc:
    return {"join_way": _way(call)}


@api("externalcontact/groupchat/update_join_way")
def update_join_way(call: Call) -> Doc:
    way = _way(call)
    way.update(_way_fields(call))
    call.box.table("join_ways").save(way["config_id"])
    return {}


@api("externalcontact/groupchat/del_join_way")
def del_join_way(call: Call) -> Doc:
    call.box.table("join_ways").drop(_way(call)["config_id"])
    return {}
