""" "Contact me" ways, the bank's live codes (contract section 3.3)."""

from __future__ import annotations

from channels.sandbox import ids, params
from channels.sandbox.api.org import department_tree
from channels.sandbox.core import Sandbox
from channels.sandbox.corp import content
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, api
from channels.sandbox.types import Doc

_MOST_WAYS = 500_000
_MOST_MEMBERS = 100
_LISTED_DAYS = 90


def members_of(box: Sandbox, way: Doc) -> list[str]:
    """The people behind a code: named users and everybody in its departments."""
    found = dict.fromkeys(way["user"])
    for party in way["party"]:
        below = {row["id"] for row in department_tree(box, party)}
        for row in box.members.values():
            if below & set(row["department"]):
                found.setdefault(row["userid"])
    return list(found)


def _users(box: Sandbox, body: Doc, kind: int) -> tuple[list[str], list[int]]:
    users = [box.member(userid)["userid"] for userid in params.text_list(body, "user")]
    party = body.get("party") or []
    if not isinstance(party, list) or any(str(item) not in box.departments for item in party):
        raise WeComError(60123)
    if kind == 1 and (len(users) != 1 or party):
        raise WeComError(40058, "type 1 takes exactly one user")
    if not users and not party:
        raise WeComError(40063, "user and party are empty")
    if len(members_of(box, {"user": users, "party": party})) > _MOST_MEMBERS:
        raise WeComError(40058, "too many members")
    return users, party


def _common(box: Sandbox, body: Doc) -> Doc:
    fields: Doc = {}
    for name in ("remark", "state"):
        if name in body:
            fields[name] = params.text(body, name, 30)
    for name in ("skip_verify", "is_exclusive", "mark_source"):
        if name in body:
            fields[name] = bool(body[name])
    for name in ("style", "expires_in", "chat_expires_in", "unionid"):
        if name in body:
            fields[name] = body[name]
    if body.get("conclusions"):
        fields["conclusions"] = _conclusions(box, body["conclusions"])
    return fields


def _conclusions(box: Sandbox, given: Doc) -> Doc:
    params.bytes_at_most(given.get("text", {}).get("content", ""), "conclusions.text", 4000)
    for kind in ("image", "link", "miniprogram"):
        if kind in given:
            content.check_media_of(box, kind, given[kind])
    return given


@api("externalcontact/add_contact_way")
def add_contact_way(call: Call) -> Doc:
    box, body = call.box, call.body
    kind, scene = params.need(body, "type", 41037), params.need(body, "scene", 41038)
    if kind not in (1, 2):
        raise WeComError(41039)
    if scene not in (1, 2):
        raise WeComError(41040)
    users, party = _users(box, body, kind)
    if len(box.table("contact_ways")) >= _MOST_WAYS:
        raise WeComError(41045)
    config_id = ids.fresh("", 32).lower()
    way: Doc = {
        "config_id": config_id, "type": kind, "scene": scene, "remark": "", "state": "",
        "skip_verify": True, "is_exclusive": False, "mark_source": True,
        "is_temp": bool(body.get("is_temp")), "user": users, "party": party,
        "create_time": box.clock.seconds(), **_common(box, body),
    }  # fmt: skip
    answer: Doc = {"config_id": config_id}
    if scene == 2:
        way["qr_code"] = answer["qr_code"] = f"{box.config.public_url}/sandbox/qr/{config_id}.svg"
    box.table("contact_ways").put(config_id, way)
    return answer


def _way(call: Call) -> Doc:
    row = call.box.table("contact_ways").get(params.need_text(call.body, "config_id", 41043))
    if row is None:
        raise WeComError(41044)
    return row


@api("externalcontact/get_contact_way")
def get_contact_way(call: Call) -> Doc:
    way = {key: value for key, value in _way(call).items() if key != "create_time"}
    image = way.get("conclusions", {}).get("image")
    if image:
        url = f"{call.box.config.public_url}/sandbox/media/{image.get('media_id')}"
        way["conclusions"] = {**way["conclusions"], "image": {"pic_url": url}}
    return {"contact_way": way}


@api("externalcontact/list_contact_way")
def list_contact_way(call: Call) -> Doc:
    now = call.box.clock.seconds()
    start = params.integer(call.body, "start_time", now - _LISTED_DAYS * 86_400)
    end = params.integer(call.body, "end_time", now)
    rows = [
        {"config_id": way["config_id"]}
        for way in call.box.table("contact_ways").values()
        if start <= way["create_time"] <= end and not way["is_temp"]
    ]
    size = params.limit(call.body, 100, 1000)
    found, cursor = params.page(rows, call.body, size, call.box.settings["short_pages"])
    return {"contact_way": found, "next_cursor": cursor}


@api("externalcontact/update_contact_way")
def update_contact_way(call: Call) -> Doc:
    """Type, scene, is_temp and is_exclusive never change."""
    way = _way(call)
    changes = _common(call.box, call.body)
    changes.pop("is_exclusive", None)
    if "user" in call.body or "party" in call.body:
        changes["user"], changes["party"] = _users(call.box, call.body, way["type"])
    way.update(changes)
    call.box.table("contact_ways").save(way["config_id"])
    return {}


@api("externalcontact/del_contact_way")
def del_contact_way(call: Call) -> Doc:
    call.box.table("contact_ways").drop(_way(call)["config_id"])
    return {}


@api("externalcontact/close_temp_chat")
def close_temp_chat(call: Call) -> Doc:
    call.box.follow(
        params.need_text(call.body, "userid"), params.need_text(call.body, "external_userid")
    )
    return {}
