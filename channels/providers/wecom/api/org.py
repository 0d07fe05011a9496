"""Departments and employees. WeCom leaves out mobile, e-mail and avatar for new apps."""

from collections.abc import Iterator

from channels.providers.wecom.api.family import Family, Row, given


class Org(Family):
    def departments(self, root: int | None = None) -> list[Row]:
        """`root` and everything below it; all that the app sees without one."""
        return list(self.client.look("department/list", **given(id=root))["department"])

    def department_ids(self, root: int | None = None) -> list[Row]:
        return list(self.client.look("department/simplelist", **given(id=root))["department_id"])

    def department(self, number: int) -> Row:
        return dict(self.client.look("department/get", id=number)["department"])

    def members(self, department: int, *, below: bool = False) -> list[Row]:
        params = {"department_id": department, "fetch_child": int(below)}
        return list(self.client.look("user/list", **params)["userlist"])

    def member_names(self, department: int, *, below: bool = False) -> list[Row]:
        params = {"department_id": department, "fetch_child": int(below)}
        return list(self.client.look("user/simplelist", **params)["userlist"])

    def member(self, userid: str) -> Row:
        return self.client.look("user/get", userid=userid)

    def member_ids(self) -> Iterator[Row]:
        """{userid, department} for each pair; WeCom wants the contact-sync secret for this."""
        return self._pages("user/list_id", "dept_user", limit=10_000)

    def userid_by_mobile(self, mobile: str) -> str:
        """Too many misses close this call for a day."""
        return str(self.client.read("user/getuserid", mobile=mobile)["userid"])

    def userid_by_email(self, email: str, *, of_corp: bool = True) -> str:
        body = {"email": email, "email_type": 1 if of_corp else 2}
        return str(self.client.read("user/get_userid_by_email", **body)["userid"])

    def openid(self, userid: str) -> str:
        return str(self.client.read("user/convert_to_openid", userid=userid)["openid"])

    def userid_by_openid(self, openid: str) -> str:
        return str(self.client.read("user/convert_to_userid", openid=openid)["userid"])

    def open_userids(self, userids: list[str]) -> dict[str, str]:
        """userid → open_userid of those that exist; at most 1000."""
        data = self.client.read("batch/userid_to_openuserid", userid_list=userids)
        return {row["userid"]: row["open_userid"] for row in data["open_userid_list"]}

    def api_addresses(self) -> list[str]:
        """Addresses that the bank's firewall must let us reach."""
        return list(self.client.look("get_api_domain_ip")["ip_list"])

    def callback_addresses(self) -> list[str]:
        """Addresses that callbacks come from; may hold patterns such as 101.226.103.*"""
        return list(self.client.look("getcallbackip")["ip_list"])
