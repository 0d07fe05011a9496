"""App messages to employees. More than 30 a minute to one person vanish without an error."""

from typing import Any

from channels.providers.wecom.api.family import Family, Row, given
from channels.providers.wecom.client import WeComClient


class Messages(Family):
    def __init__(self, client: WeComClient, agent_id: int) -> None:
        super().__init__(client)
        self.agent_id = agent_id

    def send(
        self,
        kind: str,
        body: dict[str, Any],
        *,
        users: list[str] | None = None,
        departments: list[int] | None = None,
        once: bool = False,
    ) -> Row:
        """{msgid, response_code?, invaliduser, …}; all receivers invalid is error 81013.

        `once`: WeCom drops an identical message within half an hour.
        """
        to = given(
            touser="|".join(users) if users else None,
            toparty="|".join(map(str, departments)) if departments else None,
            enable_duplicate_check=1 if once else None,
        )
        return self.client.write(
            "message/send", msgtype=kind, agentid=self.agent_id, **to, **{kind: body}
        )

    def text(self, users: list[str], text: str) -> Row:
        return self.send("text", {"content": text}, users=users)

    def markdown(self, users: list[str], text: str) -> Row:
        """Shown in the WeCom client only."""
        return self.send("markdown", {"content": text}, users=users)

    def text_card(self, users: list[str], title: str, description: str, url: str) -> Row:
        body = {"title": title, "description": description, "url": url}
        return self.send("textcard", body, users=users)

    def news(self, users: list[str], articles: list[dict[str, str]]) -> Row:
        """One to eight {title, description, url, picurl}."""
        return self.send("news", {"articles": articles}, users=users)

    def media(self, users: list[str], kind: str, media_id: str) -> Row:
        """`kind`: image, voice, video or file."""
        return self.send(kind, {"media_id": media_id}, users=users)

    def card(self, users: list[str], card: dict[str, Any]) -> Row:
        """A template card; with buttons or a menu the answer brings a response_code for 72 hours."""
        return self.send("template_card", card, users=users)

    def recall(self, msgid: str) -> None:
        """Only messages of the last 24 hours."""
        self.client.write("message/recall", msgid=msgid)

    def replace_card(self, response_code: str, users: list[str], card: dict[str, Any]) -> list[str]:
        """Uses the code up; returns users that do not exist."""
        return self._update(response_code, users, template_card=card)

    def finish_card(self, response_code: str, users: list[str], label: str) -> list[str]:
        """Makes the card's button unclickable, with this label."""
        return self._update(response_code, users, button={"replace_name": label})

    def _update(self, response_code: str, users: list[str], **change: Any) -> list[str]:
        data = self.client.write(
            "message/update_template_card",
            agentid=self.agent_id,
            response_code=response_code,
            userids=users,
            **change,
        )
        return list(data.get("invaliduser") or [])

    def statistics(self, *, yesterday: bool = False) -> list[Row]:
        """{agentid, app_name, count} of one day."""
        data = self.client.read("message/get_statistics", time_type=int(yesterday))
        return list(data["statistics"])
