"""Corp tags.

group: {group_id, group_name, create_time, order, tag:[{id, name, create_time, order}]}

Deleted groups and tags stay with `deleted: true`, as WeCom shows them when asked by id.
"""

from __future__ import annotations

from channels.sandbox.core import Sandbox
from channels.sandbox.errors import WeComError
from channels.sandbox.types import Doc, Docs


class TagIndex:
    """Tags by id, as they are at one moment."""

    def __init__(self, box: Sandbox) -> None:
        self._by_id: dict[str, tuple[Doc, Doc]] = {}
        for group in box.tag_groups.values():
            for tag in group["tag"]:
                if not tag.get("deleted"):
                    self._by_id[tag["id"]] = (group, tag)

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, tag_id: str) -> tuple[Doc, Doc] | None:
        """(group, tag)"""
        return self._by_id.get(tag_id)

    def names(self, tag_ids: list[str]) -> Docs:
        """The shape in `externalcontact/get`."""
        shown = []
        for tag_id in tag_ids:
            found = self._by_id.get(tag_id)
            if found:
                group, tag = found
                shown.append(
                    {
                        "group_name": group["group_name"],
                        "tag_name": tag["name"],
                        "tag_id": tag_id,
                        "type": 1,
                    }
                )
        return shown


def tag_index(box: Sandbox) -> TagIndex:
    """Built anew only after a tag has changed: every reading of a customer asks for it."""
    version, index = box.tags_known
    if version != box.tag_groups.version:
        index = TagIndex(box)
        box.tags_known = (box.tag_groups.version, index)
    return index


def find(box: Sandbox, wanted: str) -> tuple[Doc, Doc | None]:
    group = box.tag_groups.get(wanted)
    if group is not None and not group.get("deleted"):
        return group, None
    found = tag_index(box).get(wanted)
    if found is None:
        raise WeComError(40068)
    return found


def rename(box: Sandbox, group: Doc, tag: Doc | None, name: str) -> None:
    if tag is None:
        others = [g["group_name"] for g in box.tag_groups.values() if g is not group]
        key, target = "group_name", group
    else:
        others = [t["name"] for t in group["tag"] if t is not tag and not t.get("deleted")]
        key, target = "name", tag
    if name in others:
        raise WeComError(40071)
    target[key] = name


def delete(box: Sandbox, group: Doc, tag: Doc | None) -> None:
    """One tag, or the group with all of its tags. A group vanishes with its last tag."""
    for victim in [tag] if tag else group["tag"]:
        victim["deleted"] = True
        remove_everywhere(box, victim["id"])
    if all(item.get("deleted") for item in group["tag"]):
        group["deleted"] = True
    box.tag_groups.save(group["group_id"])


def remove_everywhere(box: Sandbox, tag_id: str) -> None:
    for contact in box.contacts.values():
        for follow in contact["follows"].values():
            if tag_id in follow["tag_id"]:
                follow["tag_id"].remove(tag_id)
                box.contacts.save(contact["external_userid"])
