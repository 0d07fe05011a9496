"""WeCom's own figures per day."""

from typing import Any

from channels.providers.wecom.api.family import Family, Row, given

_GROUPS = "externalcontact/groupchat"


class Statistics(Family):
    def behaviour(self, userid: str, start: int, end: int) -> list[Row]:
        """One row a day, at most 30 days of the last 180.

        One employee a call: WeCom adds several up.
        """
        body = {"userid": [userid], "start_time": start, "end_time": end}
        data = self.client.read("externalcontact/get_user_behavior_data", **body)
        return list(data["behavior_data"])

    def groups(self, owners: list[str], start: int, end: int | None = None) -> list[Row]:
        """{owner, data}, summed over the days; at most 100 owners."""
        rows: list[Row] = []
        fields = _days(owners, start, end)
        while True:
            data = self.client.read(f"{_GROUPS}/statistic", **fields, offset=len(rows), limit=1000)
            rows += data["items"]
            if not data["items"] or len(rows) >= data["total"]:
                return rows

    def groups_by_day(self, owners: list[str], start: int, end: int) -> list[Row]:
        """{stat_time, data}, summed over the owners."""
        fields = _days(owners, start, end)
        return list(self.client.read(f"{_GROUPS}/statistic_group_by_day", **fields)["items"])


def _days(owners: list[str], start: int, end: int | None) -> dict[str, Any]:
    return given(day_begin_time=start, day_end_time=end, owner_filter={"userid_list": owners})
