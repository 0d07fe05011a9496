"""Scanning a live code: the customer meets one of its members, with the code's state."""

from __future__ import annotations

from channels.sandbox.api.contact_ways import members_of
from channels.sandbox.core import Sandbox
from channels.sandbox.corp import friends
from channels.sandbox.errors import ControlError
from channels.sandbox.types import Doc


def scan(box: Sandbox, fields: Doc) -> Doc:
    """{config_id, external_userid?|name…, userid?}"""
    way = box.table("contact_ways").get(str(fields.get("config_id", "")))
    if way is None:
        raise ControlError("unknown config_id")
    candidates = members_of(box, way)
    userid = fields.get("userid") or _pick(box, way, candidates, fields)
    if userid not in candidates:
        raise ControlError("this member is not behind the code")
    joined = {**fields, "userid": userid, "add_way": 1, "state": way["state"]}
    return friends.customer_add(box, joined)


def _pick(box: Sandbox, way: Doc, candidates: list[str], fields: Doc) -> str:
    """The member with the fewest customers. An exclusive code sticks to one member."""
    external = str(fields.get("external_userid", ""))
    met = [userid for userid in candidates if box.relations.follow(userid, external)]
    if way["is_exclusive"] and met:
        raise ControlError("this customer already has a member of this exclusive code")
    free = [userid for userid in candidates if userid not in met]
    if not free:
        raise ControlError("nobody behind the code is left to add")
    return min(free, key=box.relations.count_of)
