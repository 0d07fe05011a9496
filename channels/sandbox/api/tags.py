"""Corp tags and tagging (contract section 3.2)."""

from __future__ import annotations

from channels.sandbox import ids, params
from channels.sandbox.core import Sandbox
from channels.sandbox.corp.tags import delete, find, rename, tag_index
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, api
from channels.sandbox.types import Doc

_NAME_LENGTH = 30


@api("externalcontact/get_corp_tag_list")
def get_corp_tag_list(call: Call) -> Doc:
    """`deleted` items appear only when asked for by id; group_id wins over tag_id."""
    group_ids = set(params.text_list(call.body, "group_id"))
    tag_ids = set() if group_ids else set(params.text_list(call.body, "tag_id"))
    by_id = bool(group_ids or tag_ids)
    shown = []
    for group in call.box.tag_groups.values():
        if group_ids and group["group_id"] not in group_ids:
            continue
        view = _group_view(group, tag_ids, by_id)
        if view["tag"] or (group_ids and by_id):
            shown.append(view)
    return {"tag_group": shown}


def _group_view(group: Doc, tag_ids: set[str], with_deleted: bool) -> Doc:
    tags = [
        _tag_view(tag)
        for tag in group["tag"]
        if (not tag_ids or tag["id"] in tag_ids) and (with_deleted or not tag.get("deleted"))
    ]
    names = ("group_id", "group_name", "create_time", "order", "deleted")
    return {**params.only(group, *names), "tag": tags}


def _tag_view(tag: Doc) -> Doc:
    return params.only(tag, "id", "name", "create_time", "order", "deleted")


@api("externalcontact/add_corp_tag")
def add_corp_tag(call: Call) -> Doc:
    wanted = _wanted_tags(call.body)
    group = _target_group(call.box, call.body)
    existing = {tag["name"] for tag in group["tag"] if not tag.get("deleted")}
    if existing & set(wanted):
        raise WeComError(40071)
    if len(tag_index(call.box)) + len(wanted) > call.box.settings["tag_limit"]:
        raise WeComError(40126)
    now = call.box.clock.seconds()
    fresh = [
        {"id": ids.fresh("et", 30), "name": name, "create_time": now, "order": order, "app": True}
        for name, order in wanted.items()
    ]
    group["tag"] += fresh
    group.pop("deleted", None)
    call.box.tag_groups.put(group["group_id"], group)
    shown = [_tag_view(tag) for tag in fresh]
    return {"tag_group": {**_group_view(group, set(), False), "tag": shown}}


def _wanted_tags(body: Doc) -> dict[str, int]:
    """Name to order; equal names in one call are created once."""
    wanted: dict[str, int] = {}
    for tag in params.need(body, "tag"):
        name = params.need_text(tag, "name", longest=_NAME_LENGTH)
        wanted.setdefault(name, params.integer(tag, "order"))
    return wanted


def _target_group(box: Sandbox, body: Doc) -> Doc:
    """An existing group by id or by name, or a new one (stored by the caller)."""
    group_id = params.text(body, "group_id")
    if group_id:
        group = box.tag_groups.get(group_id)
        if group is None or group.get("deleted"):
            raise WeComError(40068)
        return group
    name = params.need_text(body, "group_name", longest=_NAME_LENGTH)
    for group in box.tag_groups.values():
        if group["group_name"] == name and not group.get("deleted"):
            return group
    return {
        "group_id": ids.fresh("et", 30), "group_name": name,
        "create_time": box.clock.seconds(), "order": params.integer(body, "order"), "tag": [],
        "app": True,
    }  # fmt: skip


@api("externalcontact/edit_corp_tag")
def edit_corp_tag(call: Call) -> Doc:
    wanted = params.need_text(call.body, "id")
    name = params.text(call.body, "name", _NAME_LENGTH)
    group, tag = find(call.box, wanted)
    _check_owner(call.box, tag or group)
    if name:
        rename(call.box, group, tag, name)
    if "order" in call.body:
        (tag or group)["order"] = params.integer(call.body, "order")
    call.box.tag_groups.save(group["group_id"])
    return {}


def _check_owner(box: Sandbox, item: Doc) -> None:
    """An app may change only what it made."""
    if box.settings["tag_owners"] and not item.get("app"):
        raise WeComError(81011)


@api("externalcontact/del_corp_tag")
def del_corp_tag(call: Call) -> Doc:
    tag_ids = params.text_list(call.body, "tag_id")
    group_ids = params.text_list(call.body, "group_id")
    if not tag_ids and not group_ids:
        raise WeComError(40063)
    found = [find(call.box, wanted) for wanted in (*tag_ids, *group_ids)]
    for group, tag in found:
        _check_owner(call.box, tag or group)
    for group, tag in found:
        delete(call.box, group, tag)
    return {}


@api("externalcontact/mark_tag")
def mark_tag(call: Call) -> Doc:
    body = call.body
    follow = call.box.follow(
        params.need_text(body, "userid"), params.need_text(body, "external_userid")
    )
    add = params.text_list(body, "add_tag")
    remove = params.text_list(body, "remove_tag")
    if not add and not remove:
        raise WeComError(40063)
    index = tag_index(call.box)
    if any(index.get(tag_id) is None for tag_id in (*add, *remove)):
        raise WeComError(40068)
    kept = [tag_id for tag_id in follow["tag_id"] if tag_id not in remove]
    follow["tag_id"] = [*kept, *(tag_id for tag_id in dict.fromkeys(add) if tag_id not in kept)]
    call.box.contacts.save(body["external_userid"])
    return {}
