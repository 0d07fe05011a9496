"""What a new friend or a new member of a group is greeted with."""

from channels.providers.wecom.api.family import Attachment, Family, Row, content, given

_GROUP = "externalcontact/group_welcome_template"


class Welcome(Family):
    def send(
        self, welcome_code: str, text: str, attachments: list[Attachment] | None = None
    ) -> None:
        """Within 20 seconds of the event, once; 41051 means that somebody else was faster."""
        self.client.write(
            "externalcontact/send_welcome_msg",
            welcome_code=welcome_code,
            **content(text, attachments),
        )

    def add_for_groups(
        self, text: str, attachment: Attachment | None = None, *, notify: bool = True
    ) -> str:
        """template_id; `%NICKNAME%` in the text becomes the new member's name."""
        fields = _template(text, attachment)
        return str(self.client.write(f"{_GROUP}/add", notify=int(notify), **fields)["template_id"])

    def for_groups(self, template_id: str) -> Row:
        return self.client.read(f"{_GROUP}/get", template_id=template_id)

    def edit_for_groups(
        self, template_id: str, text: str, attachment: Attachment | None = None
    ) -> None:
        fields = _template(text, attachment)
        self.client.write(f"{_GROUP}/edit", template_id=template_id, **fields)

    def delete_for_groups(self, template_id: str) -> None:
        self.client.write(f"{_GROUP}/del", template_id=template_id)


def _template(text: str, attachment: Attachment | None) -> Row:
    """Here the attachment is a field of its own kind, not an entry of a list."""
    fields = given(text={"content": text} if text else None)
    if attachment:
        kind = attachment["msgtype"]
        fields[kind] = attachment[kind]  # type: ignore[literal-required]
    return fields
