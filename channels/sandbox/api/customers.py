"""Customers and their followers (contract sections 3.1 and 2.2)."""

from __future__ import annotations

from channels.sandbox import params
from channels.sandbox.api.org import openid_of
from channels.sandbox.core import Sandbox
from channels.sandbox.corp.tags import tag_index
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, api
from channels.sandbox.types import Doc, Docs

_FOLLOWERS_PER_PAGE = 500
_CONTACT_FIELDS = (
    "external_userid", "name", "avatar", "type", "gender", "unionid", "position", "corp_name",
    "corp_full_name", "external_profile",
)  # fmt: skip
_REMARK_FIELDS = (
    "remark", "description", "remark_company", "remark_mobiles", "remark_pic_mediaid",
)  # fmt: skip


def contact_view(contact: Doc) -> Doc:
    return params.only(contact, *_CONTACT_FIELDS)


def follow_view(follow: Doc) -> Doc:
    """Without tags: `get` and `batch/get_by_user` give them in different shapes."""
    return params.only(
        follow, "userid", "remark", "description", "createtime", "remark_corp_name",
        "remark_mobiles", "oper_userid", "add_way", "state", "wechat_channels",
    )  # fmt: skip


@api("externalcontact/get_follow_user_list", "GET")
def get_follow_user_list(call: Call) -> Doc:
    members = call.box.visible_members()
    return {"follow_user": [row["userid"] for row in members if row.get("has_contact", True)]}


@api("externalcontact/list", "GET")
def customer_list(call: Call) -> Doc:
    member = call.box.member(params.need_text(call.query, "userid"))
    if not member.get("has_contact", True):
        raise WeComError(84074)
    found = [external for external, _ in living_follows(call.box, member["userid"])]
    if not found:
        raise WeComError(84061)
    return {"external_userid": found}


def living_follows(box: Sandbox, userid: str) -> list[tuple[str, Doc]]:
    """(external_userid, follow) of a member. Half-added people are no customers yet."""
    pairs = []
    for external in box.relations.customers_of(userid):
        follow = box.relations.follow(userid, external)
        if follow and not follow.get("half"):
            pairs.append((external, follow))
    return pairs


@api("externalcontact/get", "GET")
def customer_get(call: Call) -> Doc:
    contact = call.box.contact(params.need_text(call.query, "external_userid"))
    follows = [row for row in contact["follows"].values() if not row.get("half")]
    if not follows:
        raise WeComError(84061)
    found, cursor = params.page(follows, call.query, _FOLLOWERS_PER_PAGE, False)
    tags = tag_index(call.box)
    views = [{**follow_view(row), "tags": tags.names(row["tag_id"])} for row in found]
    answer: Doc = {"external_contact": contact_view(contact), "follow_user": views}
    return {**answer, "next_cursor": cursor} if cursor else answer


@api("externalcontact/batch/get_by_user")
def batch_get_by_user(call: Call) -> Doc:
    userids = params.text_list(call.body, "userid_list", 100)
    params.need(call.body, "userid_list")
    members = [call.box.member(userid) for userid in userids]
    # Half-added people are left out after cutting the page: a page may be short anyway, and a
    # member may have tens of thousands of customers.
    keys = [
        (member["userid"], external)
        for member in members
        for external in call.box.relations.customers_of(member["userid"])
    ]
    size = params.limit(call.body, 50, 100)
    found, cursor = params.page(keys, call.body, size, call.box.settings["short_pages"])
    rows = [(external, call.box.relations.follow(userid, external)) for userid, external in found]
    return {
        "external_contact_list": [
            _batch_row(call.box, external, follow)
            for external, follow in rows
            if follow and not follow.get("half")
        ],
        "next_cursor": cursor,
        "fail_info": {"unlicensed_userid_list": []},
    }


def _batch_row(box: Sandbox, external: str, follow: Doc) -> Doc:
    contact = box.contacts.rows[external]
    return {
        "external_contact": contact_view(contact),
        "follow_info": {**follow_view(follow), "tag_id": follow["tag_id"]},
    }


@api("externalcontact/remark")
def remark(call: Call) -> Doc:
    body = call.body
    follow = call.box.follow(
        params.need_text(body, "userid"), params.need_text(body, "external_userid")
    )
    if not any(name in body for name in _REMARK_FIELDS):
        raise WeComError(40063)
    changes: Doc = {}
    for name, longest in (("remark", 20), ("description", 150)):
        if name in body:
            changes[name] = params.text(body, name, longest)
    if "remark_company" in body:
        changes["remark_corp_name"] = params.text(body, "remark_company", 20)
    if "remark_mobiles" in body:
        mobiles = params.text_list(body, "remark_mobiles")
        changes["remark_mobiles"] = [mobile for mobile in mobiles if mobile]
    follow.update(changes)
    call.box.contacts.save(body["external_userid"])
    return {}


@api("externalcontact/contact_list")
def contact_list(call: Call) -> Doc:
    rows: Docs = []
    for contact in call.box.contacts.values():
        rows += [_listed(contact, follow) for follow in contact["follows"].values()]
    size = params.limit(call.body, 1000, 1000)
    found, cursor = params.page(rows, call.body, size, call.box.settings["short_pages"])
    return {"info_list": found, "next_cursor": cursor}


def _listed(contact: Doc, follow: Doc) -> Doc:
    external = contact["external_userid"]
    return {
        "is_customer": True, "tmp_openid": openid_of(f"tmp:{external}"),
        "external_userid": external, "name": contact["name"], "follow_userid": follow["userid"],
        "add_time": follow["createtime"],
    }  # fmt: skip


def _by_unionid(box: Sandbox, unionid: str) -> Doc | None:
    return next((row for row in box.contacts.values() if row.get("unionid") == unionid), None)


@api("externalcontact/unionid_to_external_userid")
def unionid_to_external_userid(call: Call) -> Doc:
    found = _by_unionid(call.box, params.need_text(call.body, "unionid"))
    if found is None:
        raise WeComError(40096)
    return {"external_userid": found["external_userid"]}


@api("idconvert/unionid_to_external_userid")
def idconvert_unionid(call: Call) -> Doc:
    unionid = params.need_text(call.body, "unionid")
    params.need_text(call.body, "openid")
    found = _by_unionid(call.box, unionid)
    pending = openid_of(f"pending:{unionid}")
    if found is None or not found["follows"]:
        return {"external_userid": "", "pending_id": pending}
    return {"external_userid": found["external_userid"], "pending_id": ""}


@api("externalcontact/convert_to_openid")
def convert_to_openid(call: Call) -> Doc:
    contact = call.box.contact(params.need_text(call.body, "external_userid"))
    if contact["type"] != 1:
        raise WeComError(40096)
    return {"openid": openid_of(contact["external_userid"])}
