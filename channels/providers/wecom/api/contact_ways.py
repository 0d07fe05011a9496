"""“Contact me” ways. Whoever loses a config_id can never change or delete that way."""

from collections.abc import Iterator
from typing import Any, TypedDict

from channels.providers.wecom.api.family import Family, Row, given

SINGLE, MULTIPLE = 1, 2
MINI_PROGRAM, QR_CODE = 1, 2


class ContactWay(TypedDict, total=False):
    """What can be set at creation and changed later."""

    remark: str
    state: str
    style: int
    skip_verify: bool
    user: list[str]
    party: list[int]
    is_exclusive: bool
    mark_source: bool
    expires_in: int
    chat_expires_in: int
    unionid: str
    conclusions: dict[str, Any]


class ContactWays(Family):
    def add(
        self, kind: int, scene: int, way: ContactWay, *, temporary: bool | None = None
    ) -> tuple[str, str]:
        """(config_id, address of the QR code; empty for mini-programs)."""
        fields = given(type=kind, scene=scene, is_temp=temporary)
        data = self.client.write("externalcontact/add_contact_way", **fields, **way)
        return data["config_id"], data.get("qr_code", "")

    def one(self, config_id: str) -> Row:
        data = self.client.read("externalcontact/get_contact_way", config_id=config_id)
        return dict(data["contact_way"])

    def ids(self, start: int | None = None, end: int | None = None) -> Iterator[str]:
        """config_ids made between two Unix times, of the last 90 days without them."""
        fields = given(start_time=start, end_time=end)
        path = "externalcontact/list_contact_way"
        rows = self._pages(path, "contact_way", limit=1000, **fields)
        return (row["config_id"] for row in rows)

    def page(self, cursor: str, start: int) -> tuple[list[str], str]:
        """(config_ids made since a Unix time, cursor of the next page; empty after the last)."""
        path = "externalcontact/list_contact_way"
        data = self.client.read(path, start_time=start, limit=1000, cursor=cursor)
        ids = [row["config_id"] for row in data.get("contact_way") or []]
        return ids, data.get("next_cursor") or ""

    def update(self, config_id: str, way: ContactWay) -> None:
        """Overwrites the given fields; kind and scene stay for ever."""
        self.client.write("externalcontact/update_contact_way", config_id=config_id, **way)

    def delete(self, config_id: str) -> None:
        self.client.write("externalcontact/del_contact_way", config_id=config_id)

    def close_temporary_chat(self, userid: str, external_userid: str) -> None:
        """Ends it; the customer then gets the way's conclusions."""
        path = "externalcontact/close_temp_chat"
        self.client.write(path, userid=userid, external_userid=external_userid)
