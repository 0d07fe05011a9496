"""Customer-acquisition links (contract section 3.4)."""

from __future__ import annotations

from typing import Final

from channels.sandbox import ids, params
from channels.sandbox.api.contact_ways import members_of
from channels.sandbox.core import Sandbox
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, api
from channels.sandbox.types import Doc

_BASE: Final = "externalcontact/customer_acquisition"
_MOST_MEMBERS = 500
_MOST_LINKS = 10_000
_START_BALANCE = 10_000


def _range(box: Sandbox, given: Doc) -> Doc:
    users = params.text_list(given, "user_list", _MOST_MEMBERS)
    parties = given.get("department_list") or []
    if any(str(party) not in box.departments for party in parties):
        raise WeComError(60123)
    found = {
        "user_list": [box.member(userid)["userid"] for userid in users],
        "department_list": parties,
    }
    people = link_members(box, {"range": found})
    if not people or len(people) > _MOST_MEMBERS:
        raise WeComError(40058, "range")
    return found


def link_members(box: Sandbox, link: Doc) -> list[str]:
    chosen = {"user": link["range"]["user_list"], "party": link["range"]["department_list"]}
    return members_of(box, chosen)


def _link(call: Call) -> Doc:
    link = call.box.table("links").get(params.need_text(call.body, "link_id"))
    if link is None:
        raise WeComError(40058, "link_id")
    return link


@api(f"{_BASE}/create_link")
def create_link(call: Call) -> Doc:
    box, body = call.box, call.body
    name = params.need_text(body, "link_name", longest=30)
    if len(box.table("links")) >= _MOST_LINKS:
        raise WeComError(41095)
    link_id = ids.fresh("cawcde", 14)
    link: Doc = {
        "link_id": link_id, "link_name": name, "range": _range(box, params.need(body, "range")),
        "url": f"{box.config.public_url}/sandbox/ca/{link_id}",
        "create_time": box.clock.seconds(), "skip_verify": body.get("skip_verify", True),
        "mark_source": body.get("mark_source", True),
        "priority_option": body.get("priority_option") or {}, "clicks": 0, "customers": [],
    }  # fmt: skip
    box.table("links").put(link_id, link)
    return {"link": params.only(link, "link_id", "link_name", "url", "create_time")}


@api(f"{_BASE}/list_link")
def list_link(call: Call) -> Doc:
    size = params.limit(call.body, 100, 100)
    short = call.box.settings["short_pages"]
    found, cursor = params.page(list(call.box.table("links")), call.body, size, short)
    return {"link_id_list": found, "next_cursor": cursor}


@api(f"{_BASE}/get")
def get_link(call: Call) -> Doc:
    link = _link(call)
    names = ("link_id", "link_name", "url", "create_time", "skip_verify", "mark_source")
    return {
        "link": params.only(link, *names),
        "range": link["range"],
        "priority_option": link["priority_option"],
    }


@api(f"{_BASE}/update_link")
def update_link(call: Call) -> Doc:
    link = _link(call)
    for name in ("link_name", "skip_verify", "mark_source", "priority_option"):
        if name in call.body:
            link[name] = call.body[name]
    if call.body.get("range"):
        link["range"] = _range(call.box, call.body["range"])
    call.box.table("links").save(link["link_id"])
    return {}


@api(f"{_BASE}/delete_link")
def delete_link(call: Call) -> Doc:
    call.box.table("links").drop(_link(call)["link_id"])
    return {}


@api(f"{_BASE}/customer")
def link_customers(call: Call) -> Doc:
    link = _link(call)
    size = params.limit(call.body, 500, 1000)
    found, cursor = params.page(
        link["customers"], call.body, size, call.box.settings["short_pages"]
    )
    return {"customer_list": found, "next_cursor": cursor}


@api("externalcontact/customer_acquisition_quota", "GET", "POST")
def quota(call: Call) -> Doc:
    used = sum(len(link["customers"]) for link in call.box.table("links").values())
    balance = max(0, _START_BALANCE - used)
    expire = call.box.clock.seconds() + 300 * 86_400
    return {
        "total": _START_BALANCE, "balance": balance,
        "quota_list": [{"expire_date": expire, "balance": balance}],
    }  # fmt: skip


@api(f"{_BASE}/statistic", "GET", "POST")
def statistic(call: Call) -> Doc:
    given = {**call.query, **call.body}
    call.body = given
    link = _link(call)
    start, end = params.integer(given, "start_time"), params.integer(given, "end_time")
    if not start or not end or end - start > 30 * 86_400:
        raise WeComError(40058, "time range")
    return {"click_link_customer_cnt": link["clicks"], "new_customer_cnt": len(link["customers"])}


@api(f"{_BASE}/get_chat_info")
def get_chat_info(call: Call) -> Doc:
    row = call.box.table("chat_keys").get(params.need_text(call.body, "chat_key"))
    if row is None or call.box.clock.now() > row["expires_at"]:
        raise WeComError(40058, "chat_key")
    shown = params.only(row, "recv_msg_cnt", "link_id", "state")
    return {**params.only(row, "userid", "external_userid"), "chat_info": shown}
