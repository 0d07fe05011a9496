"""Customer groups and the ways to join them."""

from collections.abc import Iterator
from typing import TypedDict

from channels.providers.wecom.api.family import Family, Row, given

_BASE = "externalcontact/groupchat"


class JoinWay(TypedDict, total=False):
    """A way to join; an update clears what is left out."""

    scene: int
    remark: str
    auto_create_room: int
    room_base_name: str
    room_base_id: int
    chat_id_list: list[str]
    state: str
    mark_source: bool


class Groups(Family):
    def rows(self, *, status: int = 0, owners: list[str] | None = None) -> Iterator[Row]:
        """{chat_id, status}; WeCom demands at most 100 owners when more than 1000 people are seen."""
        fields = given(owner_filter={"userid_list": owners} if owners else None)
        path = f"{_BASE}/list"
        return self._pages(path, "group_chat_list", status_filter=status, limit=1000, **fields)

    def one(self, chat_id: str, *, names: bool = True) -> Row:
        """May lag a callback for a moment: compare member_version."""
        data = self.client.read(f"{_BASE}/get", chat_id=chat_id, need_name=int(names))
        return dict(data["group_chat"])

    def chat_id(self, opengid: str) -> str:
        return str(
            self.client.read("externalcontact/opengid_to_chatid", opengid=opengid)["chat_id"]
        )

    def add_join_way(self, way: JoinWay) -> str:
        """config_id; the QR code comes from join_way()."""
        return str(self.client.write(f"{_BASE}/add_join_way", **way)["config_id"])

    def join_way(self, config_id: str) -> Row:
        return dict(self.client.read(f"{_BASE}/get_join_way", config_id=config_id)["join_way"])

    def update_join_way(self, config_id: str, way: JoinWay) -> None:
        """`way` is the whole of it: what is left out is cleared."""
        self.client.write(f"{_BASE}/update_join_way", config_id=config_id, **way)

    def delete_join_way(self, config_id: str) -> None:
        self.client.write(f"{_BASE}/del_join_way", config_id=config_id)
