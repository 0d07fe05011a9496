"""Handing customers and groups over. Started is not done: results are read later."""

from collections.abc import Iterator

from channels.providers.wecom.api.family import Family, Row, given

TAKEN, WAITING, REFUSED, FULL = 1, 2, 3, 4


class Transfer(Family):
    def in_service(
        self, handover: str, takeover: str, external_userids: list[str], message: str | None = None
    ) -> dict[str, int]:
        """external_userid → errcode, 0 = started; at most 100, each twice in 90 days."""
        fields = given(transfer_success_msg=message)
        return self._start("transfer_customer", handover, takeover, external_userids, fields)

    def resigned(self, handover: str, takeover: str, external_userids: list[str]) -> dict[str, int]:
        """The same for customers of somebody who left within a year."""
        return self._start("resigned/transfer_customer", handover, takeover, external_userids, {})

    def _start(
        self, path: str, handover: str, takeover: str, external_userids: list[str], fields: Row
    ) -> dict[str, int]:
        data = self.client.write(
            f"externalcontact/{path}",
            handover_userid=handover,
            takeover_userid=takeover,
            external_userid=external_userids,
            **fields,
        )
        return {row["external_userid"]: row["errcode"] for row in data["customer"]}

    def in_service_results(self, handover: str, takeover: str) -> Iterator[Row]:
        """{external_userid, status, takeover_time}"""
        return self._results("transfer_result", handover, takeover)

    def resigned_results(self, handover: str, takeover: str) -> Iterator[Row]:
        return self._results("resigned/transfer_result", handover, takeover)

    def _results(self, path: str, handover: str, takeover: str) -> Iterator[Row]:
        people = {"handover_userid": handover, "takeover_userid": takeover}
        return self._pages(f"externalcontact/{path}", "customer", **people)

    def unassigned(self) -> Iterator[Row]:
        """{handover_userid, external_userid, dimission_time} of everybody who left."""
        return self._pages("externalcontact/get_unassigned_list", "info", page_size=1000)

    def groups_in_service(self, chat_ids: list[str], new_owner: str) -> dict[str, int]:
        """chat_id → errcode of those that could not move; at most 100 groups."""
        return self._move("onjob_transfer", chat_ids, new_owner)

    def groups_resigned(self, chat_ids: list[str], new_owner: str) -> dict[str, int]:
        return self._move("transfer", chat_ids, new_owner)

    def _move(self, path: str, chat_ids: list[str], new_owner: str) -> dict[str, int]:
        data = self.client.write(
            f"externalcontact/groupchat/{path}", chat_id_list=chat_ids, new_owner=new_owner
        )
        return {row["chat_id"]: row["errcode"] for row in data.get("failed_chat_list") or []}
