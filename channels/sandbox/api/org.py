"""Departments and members (contract section 2). Privacy fields stay out, as for a new app."""

from __future__ import annotations

import hashlib

from channels.sandbox import params
from channels.sandbox.core import Sandbox
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, api
from channels.sandbox.types import Doc, Docs


def open_userid(userid: str) -> str:
    return "wo" + hashlib.sha256(userid.lower().encode()).hexdigest()[:30]


def member_view(row: Doc) -> Doc:
    departments = row["department"]
    return {
        "userid": row["userid"],
        "name": row["name"],
        "department": departments,
        "order": [0] * len(departments),
        "position": row.get("position", ""),
        "is_leader_in_dept": row.get("is_leader_in_dept") or [0] * len(departments),
        "direct_leader": row.get("direct_leader", []),
        "telephone": "",
        "alias": row.get("alias", ""),
        "open_userid": open_userid(row["userid"]),
        "main_department": departments[0] if departments else 1,
        "status": row.get("status", 1),
        "external_position": row.get("position", ""),
        "extattr": {"attrs": []},
        "external_profile": {"external_corp_name": "", "external_attr": []},
    }


def department_tree(box: Sandbox, root: int | None) -> Docs:
    """The department and everything below it; all of them without a root."""
    rows = list(box.departments.values())
    if root is None:
        return rows
    if str(root) not in box.departments:
        raise WeComError(60003)
    wanted = {root}
    grew = True
    while grew:
        below = {row["id"] for row in rows if row["parentid"] in wanted} - wanted
        wanted |= below
        grew = bool(below)
    return [row for row in rows if row["id"] in wanted]


def _root(call: Call, name: str = "id") -> int | None:
    return params.integer(call.query, name) if call.query.get(name) else None


@api("department/list", "GET")
def department_list(call: Call) -> Doc:
    return {"department": [_department(row) for row in department_tree(call.box, _root(call))]}


def _department(row: Doc) -> Doc:
    return {
        "id": row["id"], "name": row["name"], "name_en": row.get("name_en", ""),
        "department_leader": row.get("department_leader", []), "parentid": row["parentid"],
        "order": row.get("order", 100_000_000 - row["id"]),
    }  # fmt: skip


@api("department/simplelist", "GET")
def department_simplelist(call: Call) -> Doc:
    rows = department_tree(call.box, _root(call))
    return {
        "department_id": [params.only(_department(row), "id", "parentid", "order") for row in rows]
    }


@api("department/get", "GET")
def department_get(call: Call) -> Doc:
    row = call.box.departments.get(params.need_text(call.query, "id"))
    if row is None:
        raise WeComError(60003)
    return {"department": _department(row)}


def _members_in(call: Call) -> Docs:
    params.need(call.query, "department_id")
    root = params.integer(call.query, "department_id")
    tree = department_tree(call.box, root)
    below = {row["id"] for row in tree} if call.query.get("fetch_child") == "1" else {root}
    return [row for row in call.box.visible_members() if below & set(row["department"])]


@api("user/list", "GET")
def user_list(call: Call) -> Doc:
    return {"userlist": [member_view(row) for row in _members_in(call)]}


@api("user/simplelist", "GET")
def user_simplelist(call: Call) -> Doc:
    names = ("userid", "name", "department", "open_userid")
    return {"userlist": [params.only(member_view(row), *names) for row in _members_in(call)]}


@api("user/get", "GET")
def user_get(call: Call) -> Doc:
    return member_view(call.box.member(params.need_text(call.query, "userid")))


@api("user/list_id")
def user_list_id(call: Call) -> Doc:
    """The real one wants the contact-sync secret; the sandbox has only one app and allows it."""
    rows = [
        {"userid": row["userid"], "department": department}
        for row in call.box.visible_members()
        for department in row["department"]
    ]
    size = params.limit(call.body, 10_000, 10_000)
    found, cursor = params.page(rows, call.body, size, call.box.settings["short_pages"])
    return {"next_cursor": cursor, "dept_user": found}


@api("batch/userid_to_openuserid")
def userid_to_openuserid(call: Call) -> Doc:
    asked = params.text_list(call.body, "userid_list", 1000)
    known = [userid for userid in asked if userid.lower() in call.box.members]
    pairs = [{"userid": userid, "open_userid": open_userid(userid)} for userid in known]
    return {
        "open_userid_list": pairs,
        "invalid_userid_list": [userid for userid in asked if userid not in known],
    }


@api("user/convert_to_openid")
def convert_to_openid(call: Call) -> Doc:
    member = call.box.member(params.need_text(call.body, "userid"))
    return {"openid": openid_of(member["userid"].lower())}


def openid_of(anybody: str) -> str:
    """A person's openid is stable, and does not reveal the id it was made from."""
    return "o" + hashlib.sha256(f"openid:{anybody}".encode()).hexdigest()[:27]


def _search(call: Call, field: str, wanted: str) -> Doc:
    for row in call.box.visible_members():
        if row.get(field) == wanted:
            return {"userid": row["userid"]}
    raise WeComError(46004)


@api("user/getuserid")
def getuserid(call: Call) -> Doc:
    return _search(call, "mobile", params.need_text(call.body, "mobile"))


@api("user/get_userid_by_email")
def get_userid_by_email(call: Call) -> Doc:
    corp_mail = params.choice(call.body, "email_type", (1, 2), 1) == 1
    return _search(call, "biz_mail" if corp_mail else "email", params.need_text(call.body, "email"))


@api("user/convert_to_userid")
def convert_to_userid(call: Call) -> Doc:
    wanted = params.need_text(call.body, "openid")
    for key, row in call.box.members.rows.items():
        if openid_of(key) == wanted:
            return {"userid": row["userid"]}
    raise WeComError(46004)


def _only_for_contact_sync(call: Call) -> Doc:
    raise WeComError(48002)


for _path in ("user/create", "user/update", "department/create", "batch/invite"):
    api(_path)(_only_for_contact_sync)
api("user/delete", "GET")(_only_for_contact_sync)
