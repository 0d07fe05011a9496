"""Exchanging OAuth codes (contract section 6.3)."""

from __future__ import annotations

from channels.sandbox import ids, params
from channels.sandbox.api.org import openid_of
from channels.sandbox.core import Sandbox
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, api
from channels.sandbox.types import Doc

_TICKET_SECONDS = 1800


def _redeem(call: Call) -> Doc:
    codes = call.box.table("oauth_codes")
    code = params.need_text(call.query, "code")
    row = codes.get(code)
    if row is None or row["used"]:
        raise WeComError(40029)
    if call.box.clock.now() > row["expires_at"]:
        raise WeComError(42003)
    row["used"] = True
    codes.save(code)
    return row


@api("auth/getuserinfo", "GET")
def getuserinfo(call: Call) -> Doc:
    row = _redeem(call)
    member = call.box.members.get(row["person"].lower())
    if member is None:
        return _outsider(call.box, row["person"])
    answer: Doc = {"userid": member["userid"]}
    if row["scope"] == "snsapi_privateinfo":
        answer |= {"user_ticket": _ticket(call.box, member["userid"]), "expires_in": 1800}
    return answer


def _outsider(box: Sandbox, person: str) -> Doc:
    """external_userid only for somebody who is a customer of this corp."""
    answer: Doc = {"openid": openid_of(person)}
    contact = box.contacts.get(person)
    if contact and contact["follows"]:
        answer["external_userid"] = person
    return answer


def _ticket(box: Sandbox, userid: str) -> str:
    ticket = ids.fresh("", 64)
    expires = box.clock.now() + _TICKET_SECONDS
    box.table("user_tickets").put(ticket, {"userid": userid, "expires_at": expires})
    return ticket


@api("user/getuserinfo", "GET")
def legacy_getuserinfo(call: Call) -> Doc:
    """The older answer has other capitals."""
    row = _redeem(call)
    member = call.box.members.get(row["person"].lower())
    if member is not None:
        return {"UserId": member["userid"], "DeviceId": ""}
    found = _outsider(call.box, row["person"])
    external = params.only(found, "external_userid")
    return {"OpenId": found["openid"], "DeviceId": "", **external}


@api("auth/getuserdetail")
def getuserdetail(call: Call) -> Doc:
    ticket = params.need_text(call.body, "user_ticket")
    row = call.box.table("user_tickets").get(ticket)
    if row is None:
        raise WeComError(84015)
    if call.box.clock.now() > row["expires_at"]:
        raise WeComError(84014)
    member = call.box.member(row["userid"])
    shown = params.only(member, "gender", "mobile", "email", "biz_mail", "address", "avatar")
    return {"userid": member["userid"], **shown}
