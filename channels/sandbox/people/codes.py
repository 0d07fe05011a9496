"""Scanning a live code: the customer meets a member, or enters a group, with the code's state."""

from __future__ import annotations

from channels.sandbox.api.contact_ways import members_of
from channels.sandbox.core import Sandbox
from channels.sandbox.corp import friends, groups
from channels.sandbox.errors import ControlError
from channels.sandbox.types import Doc

_MOST_CHATS = 5


def scan(box: Sandbox, fields: Doc) -> Doc:
    """{config_id, external_userid?|name…, userid?}; the code of a member or of groups."""
    config_id = str(fields.get("config_id", ""))
    if join_way := box.table("join_ways").get(config_id):
        return _enter(box, join_way, fields)
    way = box.table("contact_ways").get(config_id)
    if way is None:
        raise ControlError("没有这个 config_id。")
    candidates = members_of(box, way)
    userid = fields.get("userid") or _pick(box, way, candidates, fields)
    if userid not in candidates:
        raise ControlError("这个成员不在该活码里。")
    joined = {**fields, "userid": userid, "add_way": 1, "state": way["state"]}
    return friends.customer_add(box, joined)


def _pick(box: Sandbox, way: Doc, candidates: list[str], fields: Doc) -> str:
    """The member with the fewest customers. An exclusive code sticks to one member."""
    external = str(fields.get("external_userid", ""))
    met = [userid for userid in candidates if box.relations.follow(userid, external)]
    if way["is_exclusive"] and met:
        raise ControlError("这位客户已经添加过该专属活码的成员。")
    free = [userid for userid in candidates if userid not in met]
    if not free:
        raise ControlError("该活码没有可以添加的成员了。")
    return min(free, key=box.relations.count_of)


def _enter(box: Sandbox, way: Doc, fields: Doc) -> Doc:
    """The first group with room; a new one when all are full and the code makes new ones."""
    contact = box.contacts.get(str(fields.get("external_userid", "")))
    if contact is None:
        contact = friends.new_contact(box, fields)
        box.contacts.put(contact["external_userid"], contact)
    chat_id = _with_room(box, way) or _new_room(box, way)
    external = contact["external_userid"]
    groups.join(box, {"chat_id": chat_id, "external_userid": external, "state": way["state"]})
    return {"external_userid": external, "chat_id": chat_id}


def _with_room(box: Sandbox, way: Doc) -> str:
    for chat_id in way["chat_id_list"]:
        chat = box.table("groups").get(chat_id)
        if chat is not None and len(chat["members"]) < box.settings["group_capacity"]:
            return str(chat_id)
    return ""


def _new_room(box: Sandbox, way: Doc) -> str:
    """Owned by the owner of the first group; the code leads there from now on."""
    if not way["auto_create_room"]:
        raise ControlError("该活码的群都满了。")
    owner = groups.find(box, way["chat_id_list"][0])["owner"]
    name = f"{way['room_base_name']}{way['room_base_id']}"
    chat = groups.create(box, {"owner": owner, "name": name})
    way["room_base_id"] += 1
    way["chat_id_list"] = [*way["chat_id_list"], chat["chat_id"]][-_MOST_CHATS:]
    box.table("join_ways").save(way["config_id"])
    return str(chat["chat_id"])
