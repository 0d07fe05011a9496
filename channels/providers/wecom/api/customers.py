"""Customers, their relations to employees, and ids of the same person elsewhere."""

from collections.abc import Iterator

from channels.providers.base import ProviderError
from channels.providers.wecom.api.codes import NO_RELATION
from channels.providers.wecom.api.family import Family, Row, given

_PAGE = 100


class Customers(Family):
    def follow_users(self) -> list[str]:
        """Employees in the app's visible range who may have customers."""
        return list(self.client.look("externalcontact/get_follow_user_list").get("follow_user", []))

    def ids(self, userid: str) -> list[str]:
        """external_userids of one employee."""
        try:
            data = self.client.look("externalcontact/list", userid=userid)
        except ProviderError as error:
            if error.errcode == NO_RELATION:
                return []
            raise
        return list(data["external_userid"])

    def page(self, userid: str, cursor: str) -> tuple[list[Row], str]:
        """One page of {external_contact, follow_info} of one employee, and the next cursor."""
        return self.relations([userid], cursor)[:2]

    def relations(self, userids: list[str], cursor: str) -> tuple[list[Row], str, list[str]]:
        """The same of at most 100 employees, and those who have no licence to be read."""
        path, body = "externalcontact/batch/get_by_user", {"userid_list": userids}
        try:
            data = self.client.read(path, **body, cursor=cursor, limit=_PAGE)
        except ProviderError as error:
            if error.errcode == NO_RELATION:
                return [], "", []
            raise
        unlicensed = (data.get("fail_info") or {}).get("unlicensed_userid_list") or []
        rows = data.get("external_contact_list") or []
        return rows, data.get("next_cursor") or "", unlicensed

    def one(self, external_userid: str) -> Row:
        """{external_contact, follow_user: […]} of one customer, with all of more than 500 followers."""
        path, params = "externalcontact/get", {"external_userid": external_userid}
        data = self.client.look(path, **params)
        followers = list(data.get("follow_user") or [])
        while cursor := data.get("next_cursor"):
            data = self.client.look(path, **params, cursor=cursor)
            followers += data.get("follow_user") or []
        return {"external_contact": data["external_contact"], "follow_user": followers}

    def remark(
        self,
        userid: str,
        external_userid: str,
        *,
        remark: str | None = None,
        description: str | None = None,
        company: str | None = None,
        mobiles: list[str] | None = None,
        picture: str | None = None,
    ) -> None:
        """At least one field; `mobiles` replaces all numbers, an empty list clears them."""
        fields = given(
            remark=remark,
            description=description,
            remark_company=company,
            remark_mobiles=[""] if mobiles == [] else mobiles,
            remark_pic_mediaid=picture,
        )
        self.client.write(
            "externalcontact/remark", userid=userid, external_userid=external_userid, **fields
        )

    def everybody(self) -> Iterator[Row]:
        """All people the corp's employees know, customers or not yet."""
        return self._pages("externalcontact/contact_list", "info_list", limit=1000)

    def by_unionid(self, unionid: str, openid: str, subject: int = 0) -> Row:
        """{external_userid} or {pending_id} of somebody who may become a customer."""
        body = {"unionid": unionid, "openid": openid, "subject_type": subject}
        return self.client.read("idconvert/unionid_to_external_userid", **body)

    def openid(self, external_userid: str) -> str:
        path = "externalcontact/convert_to_openid"
        return str(self.client.read(path, external_userid=external_userid)["openid"])
