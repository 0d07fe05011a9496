"""The WeCom calls that the product uses, one typed method each (contract: docs of each endpoint)."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from django.conf import settings

from channels.providers.base import ProviderError
from channels.providers.wecom.client import WeComClient

NO_RELATION = 84061
STILL_DISPATCHING = 41063


class WeCom:
    """Customer contact, mass send and identity with the token of the self-built app."""

    def __init__(self, client: WeComClient) -> None:
        self.client = client

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return dict(self.client.post(path, data=body))

    def _pages(self, path: str, body: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:
        """Rows of every page; the cursor ends the walk, never a short page."""
        cursor = ""
        while True:
            data = self._post(path, {**body, "cursor": cursor})
            yield from data.get(key) or []
            cursor = data.get("next_cursor") or ""
            if not cursor:
                return

    def follow_users(self) -> list[str]:
        return list(self.client.get("externalcontact/get_follow_user_list").get("follow_user", []))

    def contacts_page(self, userid: str, cursor: str) -> tuple[list[dict[str, Any]], str]:
        """One page of {external_contact, follow_info} of one employee, and the next cursor."""
        body = {"userid_list": [userid], "cursor": cursor, "limit": 100}
        try:
            data = self._post("externalcontact/batch/get_by_user", body)
        except ProviderError as error:
            if error.errcode == NO_RELATION:
                return [], ""
            raise
        return data.get("external_contact_list") or [], data.get("next_cursor") or ""

    def contact(self, external_userid: str) -> dict[str, Any]:
        """{external_contact, follow_user: […]} of one customer."""
        params = {"external_userid": external_userid}
        return dict(self.client.get("externalcontact/get", params=params))

    def add_mass_send(self, sender: str, recipients: list[str], text: str) -> tuple[str, list[str]]:
        """Creates a task for `sender` to confirm; returns msgid and those who cannot get it."""
        body = {
            "chat_type": "single",
            "external_userid": recipients,
            "sender": sender,
            "text": {"content": text},
        }
        data = self._post("externalcontact/add_msg_template", body)
        return data["msgid"], data.get("fail_list") or []

    def mass_sends(self, start: int, end: int) -> Iterator[dict[str, Any]]:
        body = {"chat_type": "single", "start_time": start, "end_time": end, "limit": 100}
        return self._pages("externalcontact/get_groupmsg_list_v2", body, "group_msg_list")

    def mass_send_members(self, msgid: str) -> list[dict[str, Any]]:
        body = {"msgid": msgid, "limit": 1000}
        return list(self._pages("externalcontact/get_groupmsg_task", body, "task_list"))

    def mass_send_results(self, msgid: str, userid: str) -> list[dict[str, Any]]:
        body = {"msgid": msgid, "userid": userid, "limit": 1000}
        return list(self._pages("externalcontact/get_groupmsg_send_result", body, "send_list"))

    def mass_send_remind(self, msgid: str) -> None:
        self._post("externalcontact/remind_groupmsg_send", {"msgid": msgid})

    def mass_send_cancel(self, msgid: str) -> None:
        self._post("externalcontact/cancel_groupmsg_send", {"msgid": msgid})

    def visitor(self, code: str) -> dict[str, Any]:
        """Who an OAuth code stands for: {userid} or {openid, external_userid?}."""
        return dict(self.client.get("auth/getuserinfo", params={"code": code}))


@cache
def wecom() -> WeCom:
    """The configured application; one HTTP session per process."""
    return WeCom(
        WeComClient(
            settings.WECOM_API_URL,
            settings.WECOM_CORP_ID,
            str(settings.WECOM_AGENT_ID),
            settings.WECOM_AGENT_SECRET,
        )
    )
