"""Moments: a job at WeCom, then a tap of each employee."""

from collections.abc import Iterator

from channels.providers.wecom.api.family import Attachment, Family, Range, Row, content, given

STARTED, RUNNING, DONE = 1, 2, 3


class Moments(Family):
    def add(
        self,
        text: str,
        attachments: list[Attachment] | None = None,
        *,
        senders: Range | None = None,
        customer_tags: list[str] | None = None,
    ) -> str:
        """jobid, readable for 24 hours. Nine images or one video or one link, from upload_attachment."""
        scope = given(
            sender_list=senders,
            external_contact_list={"tag_list": customer_tags} if customer_tags else None,
        )
        fields = given(visible_range=scope or None)
        path = "externalcontact/add_moment_task"
        return str(self.client.write(path, **content(text, attachments), **fields)["jobid"])

    def job(self, jobid: str) -> Row:
        """{status, result: {moment_id, …} once status is DONE}"""
        return self.client.look("externalcontact/get_moment_task_result", jobid=jobid)

    def cancel(self, moment_id: str) -> None:
        """Stops what is not yet published."""
        self.client.write("externalcontact/cancel_moment_task", moment_id=moment_id)

    def rows(self, start: int, end: int, *, creator: str | None = None) -> Iterator[Row]:
        """Moments between two Unix times at most 30 days apart."""
        fields = given(start_time=start, end_time=end, creator=creator)
        return self._pages("externalcontact/get_moment_list", "moment_list", limit=20, **fields)

    def members(self, moment_id: str) -> list[Row]:
        """{userid, publish_status 0|1}"""
        path = "externalcontact/get_moment_task"
        return list(self._pages(path, "task_list", moment_id=moment_id, limit=1000))

    def audience(self, moment_id: str, userid: str) -> list[str]:
        """Customers chosen to see it."""
        path, body = "externalcontact/get_moment_customer_list", {"moment_id": moment_id}
        rows = self._pages(path, "customer_list", **body, userid=userid, limit=1000)
        return [row["external_userid"] for row in rows]

    def visible_to(self, moment_id: str, userid: str) -> list[str]:
        """Customers who can really see it, after publishing."""
        path, body = "externalcontact/get_moment_send_result", {"moment_id": moment_id}
        rows = self._pages(path, "customer_list", **body, userid=userid, limit=5000)
        return [row["external_userid"] for row in rows]

    def reactions(self, moment_id: str, userid: str) -> tuple[list[Row], list[Row]]:
        """(comments, likes), each {external_userid | userid, create_time}."""
        path = "externalcontact/get_moment_comments"
        data = self.client.read(path, moment_id=moment_id, userid=userid)
        return data.get("comment_list") or [], data.get("like_list") or []
