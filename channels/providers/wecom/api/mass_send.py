"""Mass send: a task that reaches nobody until its employees confirm it."""

from collections.abc import Iterator
from typing import Any

from channels.providers.wecom.api.family import Attachment, Family, Row, content, given


class MassSend(Family):
    def add(
        self,
        text: str,
        attachments: list[Attachment] | None = None,
        *,
        sender: str | None = None,
        recipients: list[str] | None = None,
        tag_filter: list[list[str]] | None = None,
        allow_select: bool | None = None,
    ) -> tuple[str, list[str]]:
        """A task for customers; returns msgid and those who cannot get it.

        `tag_filter`: any tag of each inner list; recipients (at most 10,000) make it ineffective.
        """
        groups = [{"tag_list": tags} for tags in tag_filter or []]
        fields = given(
            sender=sender,
            external_userid=recipients,
            tag_filter={"group_list": groups} if groups else None,
            allow_select=allow_select,
        )
        return self._add("single", fields, content(text, attachments))

    def add_for_groups(
        self,
        text: str,
        attachments: list[Attachment] | None = None,
        *,
        sender: str,
        chat_ids: list[str] | None = None,
    ) -> tuple[str, list[str]]:
        """A task for the groups of one owner, for all of them without `chat_ids` (at most 2000)."""
        fields = given(sender=sender, chat_id_list=chat_ids)
        return self._add("group", fields, content(text, attachments))

    def _add(
        self, chat_type: str, fields: dict[str, Any], message: dict[str, Any]
    ) -> tuple[str, list[str]]:
        path = "externalcontact/add_msg_template"
        data = self.client.write(path, chat_type=chat_type, **fields, **message)
        return data["msgid"], data.get("fail_list") or []

    def rows(
        self, start: int, end: int, *, chat_type: str = "single", creator: str | None = None
    ) -> Iterator[Row]:
        """Tasks between two Unix times at most a month apart, made by the corp or by employees."""
        fields = given(chat_type=chat_type, start_time=start, end_time=end, creator=creator)
        path = "externalcontact/get_groupmsg_list_v2"
        return self._pages(path, "group_msg_list", limit=100, **fields)

    def members(self, msgid: str) -> list[Row]:
        """{userid, status, send_time?}; any status but 0 is confirmed."""
        path = "externalcontact/get_groupmsg_task"
        return list(self._pages(path, "task_list", msgid=msgid, limit=1000))

    def results(self, msgid: str, userid: str) -> list[Row]:
        """{external_userid | chat_id, status 0–3, send_time?} of one employee's share."""
        path = "externalcontact/get_groupmsg_send_result"
        return list(self._pages(path, "send_list", msgid=msgid, userid=userid, limit=1000))

    def remind(self, msgid: str) -> None:
        """At most three times in 24 hours."""
        self.client.write("externalcontact/remind_groupmsg_send", msgid=msgid)

    def cancel(self, msgid: str) -> None:
        """Stops what is not yet sent."""
        self.client.write("externalcontact/cancel_groupmsg_send", msgid=msgid)
