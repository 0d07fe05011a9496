"""The archive's HTTP calls: who is archived, and which customers agreed. Needs the archive's token."""

from collections.abc import Iterable

from channels.providers.wecom.api.family import Family, Row, given

AGREED = "Agree"


class MsgAudit(Family):
    def permitted(self, edition: int | None = None) -> list[str]:
        """userids whose messages are archived; `edition`: 1 office, 2 service, 3 enterprise."""
        data = self.client.read("msgaudit/get_permit_user_list", **given(type=edition))
        return list(data["ids"])

    def single_agreements(self, pairs: Iterable[tuple[str, str]]) -> list[Row]:
        """Agreement of (userid, external_userid) pairs, at most 100.

        Rows {userid, exteranalopenid, agree_status, status_change_time}; the misspelling is WeCom's.
        Any status but AGREED counts as not agreed.
        """
        info = [{"userid": userid, "exteranalopenid": external} for userid, external in pairs]
        return list(self.client.read("msgaudit/check_single_agree", info=info)["agreeinfo"])

    def room_agreements(self, roomid: str) -> list[Row]:
        return list(self.client.read("msgaudit/check_room_agree", roomid=roomid)["agreeinfo"])

    def internal_group(self, roomid: str) -> Row:
        """Only groups without customers; others are refused with 301059."""
        return self.client.read("msgaudit/groupchat/get", roomid=roomid)

    def robot(self, robot_id: str) -> Row:
        return dict(self.client.look("msgaudit/get_robot_info", robot_id=robot_id)["data"])
