"""Corp tags.

group: {group_id, group_name, create_time, order, tag:[{id, name, create_time, order}]}

Deleted groups and tags stay with `deleted: true`, as WeCom shows them when asked by id.
"""

from __future__ import annotations

from channels.sandbox.core import Sandbox
from channels.sandbox.types import Doc, Docs


class TagIndex:
    """Tags by id. Built per request: there are at most some thousands, and calls are rare."""

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


def remove_everywhere(box: Sandbox, tag_id: str) -> None:
    for contact in box.contacts.values():
        for follow in contact["follows"].values():
            if tag_id in follow["tag_id"]:
                follow["tag_id"].remove(tag_id)
                box.contacts.save(contact["external_userid"])
