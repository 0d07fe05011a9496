"""Loading a whole corp at once, and forgetting it."""

from __future__ import annotations

from typing import Any, Final

from channels.sandbox.core import Sandbox
from channels.sandbox.corp import groups
from channels.sandbox.corp.friends import new_contact, new_follow
from channels.sandbox.errors import ControlError
from channels.sandbox.types import Doc

# What a new world wipes. Clock, settings, tokens, keys and media belong to the server, not to it.
_WORLD_TABLES: Final = (
    "departments", "members", "contacts", "tag_groups", "tasks", "shares", "receipts",
    "contact_ways", "agrees", "groups", "join_ways", "group_welcomes", "welcome_codes",
    "oauth_codes", "notices", "response_codes", "moments", "moment_jobs", "transfers",
    "transfer_counts", "resigned", "links", "chat_keys", "products", "intercept_rules",
    "sent_hashes",
)  # fmt: skip

_KEYS: Final = {
    "departments": "id", "members": "userid", "contacts": "external_userid",
    "tag_groups": "group_id", "groups": "owner",
}  # fmt: skip


def clear(box: Sandbox) -> None:
    for name in _WORLD_TABLES:
        box.table(name).clear()
    box.messages.clear()
    box.callbacks.forget()
    box.relations.reindex()


def load(box: Sandbox, data: Doc) -> Doc:
    """Adds to the present world, or takes its place with `replace`. Answers the counts."""
    if data.get("replace"):
        clear(box)
    for row in _rows(data, "departments"):
        box.departments.put(str(row["id"]), {"parentid": 0, **row})
    for row in _rows(data, "members"):
        member = {"department": [1], "position": "", **row}
        box.members.put(row["userid"].lower(), member)
    for row in _rows(data, "contacts"):
        _load_contact(box, row)
    box.relations.reindex()
    for row in _rows(data, "tag_groups"):
        _load_tag_group(box, row)
    for row in _rows(data, "groups"):
        groups.create(box, row, event=False)
    return counts(box)


def _rows(data: Doc, name: str) -> list[Any]:
    rows = data.get(name) or []
    key = _KEYS[name]
    if not isinstance(rows, list) or any(not isinstance(r, dict) or key not in r for r in rows):
        raise ControlError(f"{name} 必须是对象的列表，每个对象要有 {key}。")
    return rows


def _load_contact(box: Sandbox, row: Doc) -> None:
    contact = new_contact(box, row)
    for given in row.get("follows") or []:
        member = box.members.get(str(given.get("userid", "")).lower())
        if member is None:
            raise ControlError(f"好友关系里的成员 {given.get('userid')!r} 不存在。")
        contact["follows"][member["userid"].lower()] = new_follow(box, member["userid"], given)
    box.contacts.put(contact["external_userid"], contact)


def _load_tag_group(box: Sandbox, row: Doc) -> None:
    now = box.clock.seconds()
    tags = [{"create_time": now, "order": 0, **tag} for tag in row.get("tag") or []]
    box.tag_groups.put(
        row["group_id"],
        {
            "group_id": row["group_id"],
            "group_name": row.get("group_name", ""),
            "create_time": row.get("create_time", now),
            "order": row.get("order", 0),
            "tag": tags,
        },
    )


def counts(box: Sandbox) -> Doc:
    return {
        "departments": len(box.departments),
        "members": len(box.members),
        "contacts": len(box.contacts),
        "follows": sum(len(row["follows"]) for row in box.contacts.values()),
        "tags": sum(
            not tag.get("deleted") for group in box.tag_groups.values() for tag in group["tag"]
        ),
        "contact_ways": len(box.table("contact_ways")),
        "groups": len(box.table("groups")),
        "tasks": len(box.tasks),
        "messages": box.messages.total,
        "last_seq": box.messages.last_seq,
    }
