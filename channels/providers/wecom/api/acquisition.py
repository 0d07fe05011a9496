"""Customer-acquisition links (获客助手). An app sees only its own."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from channels.providers.wecom.api.family import Family, Range, Row, given

_BASE = "externalcontact/customer_acquisition"
_STATE_BYTES = 64


def channel_url(url: str, state: str) -> str:
    """The link's address for one channel; its state comes back in events and relations."""
    if len(state.encode()) > _STATE_BYTES:
        raise ValueError("state is longer than 64 bytes and would be cut")
    return f"{url}{'&' if '?' in url else '?'}{urlencode({'customer_channel': state})}"


class Acquisition(Family):
    def create(
        self,
        name: str,
        who: Range,
        *,
        skip_verify: bool = True,
        priority: dict[str, Any] | None = None,
        mark_source: bool | None = None,
    ) -> Row:
        """{link_id, link_name, url, create_time}; `who` covers at most 500 employees."""
        fields = given(priority_option=priority, mark_source=mark_source)
        data = self.client.write(
            f"{_BASE}/create_link", link_name=name, range=who, skip_verify=skip_verify, **fields
        )
        return dict(data["link"])

    def one(self, link_id: str) -> Row:
        """{link, range, priority_option}"""
        return self.client.read(f"{_BASE}/get", link_id=link_id)

    def ids(self) -> Iterator[str]:
        return self._pages(f"{_BASE}/list_link", "link_id_list", limit=100)

    def update(
        self,
        link_id: str,
        *,
        name: str | None = None,
        who: Range | None = None,
        skip_verify: bool | None = None,
        priority: dict[str, Any] | None = None,
    ) -> None:
        """`who` replaces the whole range."""
        fields = given(link_name=name, range=who, skip_verify=skip_verify, priority_option=priority)
        self.client.write(f"{_BASE}/update_link", link_id=link_id, **fields)

    def delete(self, link_id: str) -> None:
        self.client.write(f"{_BASE}/delete_link", link_id=link_id)

    def customers(self, link_id: str) -> Iterator[Row]:
        return self._pages(f"{_BASE}/customer", "customer_list", link_id=link_id, limit=1000)

    def quota(self) -> Row:
        """{total, balance, quota_list: [{expire_date, balance}]}"""
        return self.client.look("externalcontact/customer_acquisition_quota")

    def statistic(self, link_id: str, start: int, end: int) -> Row:
        """{click_link_customer_cnt, new_customer_cnt} of at most 30 days in the last 180."""
        return self.client.read(
            f"{_BASE}/statistic", link_id=link_id, start_time=start, end_time=end
        )

    def chat_info(self, chat_key: str) -> Row:
        """{chat_info: {recv_msg_cnt, link_id, state}}; the key of a callback lives 30 minutes."""
        return self.client.read(f"{_BASE}/get_chat_info", chat_key=chat_key)
