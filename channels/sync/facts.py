"""WeCom's JSON about a customer relation, turned into the facts that contacts takes in."""

import datetime
from collections.abc import Iterator
from typing import Any

from contacts.intake import ContactFacts


def _facts(contact: dict[str, Any], follow: dict[str, Any]) -> ContactFacts:
    return ContactFacts(
        external_userid=contact["external_userid"],
        name=contact.get("name", ""),
        unionid=contact.get("unionid", ""),
        kind=contact.get("type", 1),
        userid=follow["userid"],
        remark=follow.get("remark", ""),
        mobiles=tuple(follow.get("remark_mobiles") or ()),
        channel_state=follow.get("state", ""),
        add_way=follow.get("add_way", 0),
        added_at=datetime.datetime.fromtimestamp(follow.get("createtime", 0), tz=datetime.UTC),
        tag_ids=_tag_ids(follow),
    )


def _tag_ids(follow: dict[str, Any]) -> tuple[str, ...] | None:
    """`get` lists tags as objects, `batch/get_by_user` as ids; a member's own tags have no id."""
    if "tag_id" in follow:
        return tuple(follow["tag_id"] or ())
    if "tags" in follow:
        return tuple(tag["tag_id"] for tag in follow["tags"] or () if tag.get("tag_id"))
    return None


def contact_facts(data: dict[str, Any]) -> Iterator[ContactFacts]:
    """externalcontact/get: one fact per employee."""
    for follow in data.get("follow_user") or []:
        yield _facts(data["external_contact"], follow)


def page_facts(rows: list[dict[str, Any]]) -> list[ContactFacts]:
    """batch/get_by_user: one fact per row."""
    return [_facts(row["external_contact"], row["follow_info"]) for row in rows]
