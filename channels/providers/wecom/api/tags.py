"""Corp tags, and marking customers with them. An app may change only tags that it made."""

from channels.providers.wecom.api.family import Family, Row, given


class Tags(Family):
    def groups(
        self, *, tag_ids: list[str] | None = None, group_ids: list[str] | None = None
    ) -> list[Row]:
        """All groups with their tags; deleted ones appear only when asked for by id."""
        fields = given(tag_id=tag_ids, group_id=group_ids)
        return list(self.client.read("externalcontact/get_corp_tag_list", **fields)["tag_group"])

    def add(self, names: list[str], *, group_name: str = "", group_id: str = "") -> Row:
        """The group with its new tags; an existing group of this name is used."""
        group = {"group_id": group_id} if group_id else {"group_name": group_name}
        tags = [{"name": name, "order": order} for order, name in enumerate(names)]
        return dict(
            self.client.write("externalcontact/add_corp_tag", **group, tag=tags)["tag_group"]
        )

    def edit(self, identity: str, *, name: str | None = None, order: int | None = None) -> None:
        """`identity`: of a tag or of a group."""
        fields = given(name=name, order=order)
        self.client.write("externalcontact/edit_corp_tag", id=identity, **fields)

    def delete(
        self, *, tag_ids: list[str] | None = None, group_ids: list[str] | None = None
    ) -> None:
        """A group vanishes with its last tag."""
        fields = given(tag_id=tag_ids, group_id=group_ids)
        self.client.write("externalcontact/del_corp_tag", **fields)

    def mark(
        self,
        userid: str,
        external_userid: str,
        *,
        add: list[str] | None = None,
        remove: list[str] | None = None,
    ) -> None:
        fields = given(add_tag=add or None, remove_tag=remove or None)
        self.client.write(
            "externalcontact/mark_tag", userid=userid, external_userid=external_userid, **fields
        )
