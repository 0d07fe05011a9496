"""Handing over customers and groups (contract section 3.10)."""

from __future__ import annotations

from channels.sandbox import params
from channels.sandbox.core import Sandbox
from channels.sandbox.corp import transfers
from channels.sandbox.errors import WeComError, describe
from channels.sandbox.registry import Call, api
from channels.sandbox.types import Doc

_PAGE = 1000


def _resigned(box: Sandbox, userid: str) -> str:
    row = box.table("resigned").get(userid.lower())
    if row is None:
        raise WeComError(40097)
    return str(row["userid"])


def _start(call: Call, kind: str, handover: str, text: str) -> Doc:
    takeover = call.box.member(params.need_text(call.body, "takeover_userid"))["userid"]
    if handover.lower() == takeover.lower():
        raise WeComError(40130)
    params.need(call.body, "external_userid")
    asked = params.text_list(call.body, "external_userid", 100)
    rows = [
        {
            "external_userid": external,
            "errcode": transfers.start(call.box, kind, handover, takeover, external, text),
        }
        for external in asked
    ]
    return {"customer": rows}


@api("externalcontact/transfer_customer")
def transfer_customer(call: Call) -> Doc:
    text = params.text(call.body, "transfer_success_msg", 200)
    handover = call.box.member(params.need_text(call.body, "handover_userid"))["userid"]
    return _start(call, "onjob", handover, text)


@api("externalcontact/resigned/transfer_customer")
def resigned_transfer_customer(call: Call) -> Doc:
    handover = _resigned(call.box, params.need_text(call.body, "handover_userid"))
    return _start(call, "resigned", handover, "")


def _result(call: Call, kind: str) -> Doc:
    handover = params.need_text(call.body, "handover_userid").lower()
    takeover = params.need_text(call.body, "takeover_userid").lower()
    rows = [
        params.only(row, "external_userid", "status", "takeover_time")
        for row in call.box.table("transfers").values()
        if row["kind"] == kind
        and row["handover"].lower() == handover
        and row["takeover"].lower() == takeover
    ]
    found, cursor = params.page(rows, call.body, _PAGE, call.box.settings["short_pages"])
    return {"customer": found, "next_cursor": cursor}


@api("externalcontact/transfer_result")
def transfer_result(call: Call) -> Doc:
    return _result(call, "onjob")


@api("externalcontact/resigned/transfer_result")
def resigned_transfer_result(call: Call) -> Doc:
    return _result(call, "resigned")


@api("externalcontact/get_unassigned_list")
def get_unassigned_list(call: Call) -> Doc:
    waiting = [
        {
            "handover_userid": row["userid"], "external_userid": external,
            "dimission_time": row["resigned_at"],
        }
        for row in call.box.table("resigned").values()
        for external in call.box.relations.customers_of(row["userid"])
    ]  # fmt: skip
    size = params.integer(call.body, "page_size", _PAGE)
    if not 0 < size <= _PAGE:
        raise WeComError(40058, "page_size")
    if "page_id" in call.body and not call.body.get("cursor"):
        start = params.integer(call.body, "page_id") * size
        last = start + size >= len(waiting)
        return {"info": waiting[start : start + size], "is_last": last, "next_cursor": ""}
    found, cursor = params.page(waiting, call.body, size, call.box.settings["short_pages"])
    return {"info": found, "is_last": not cursor, "next_cursor": cursor}


def _move_groups(call: Call, resigned: bool) -> Doc:
    new_owner = call.box.member(params.need_text(call.body, "new_owner"))["userid"]
    params.need(call.body, "chat_id_list")
    failed = []
    for chat_id in params.text_list(call.body, "chat_id_list", 100):
        code = _move_group(call.box, chat_id, new_owner, resigned)
        if code:
            failed.append({"chat_id": chat_id, "errcode": code, "errmsg": describe(code)})
    return {"failed_chat_list": failed}


def _move_group(box: Sandbox, chat_id: str, new_owner: str, resigned: bool) -> int:
    chat = box.table("groups").get(chat_id)
    if chat is None:
        return 90501
    if chat["owner"] == new_owner:
        return 90504
    if resigned != (chat["status"] == 1):
        return 90500 if resigned else 90502
    chat["owner"], chat["status"] = new_owner, 3 if resigned else 0
    box.table("groups").save(chat_id)
    return 0


@api("externalcontact/groupchat/transfer")
def groupchat_transfer(call: Call) -> Doc:
    return _move_groups(call, resigned=True)


@api("externalcontact/groupchat/onjob_transfer")
def groupchat_onjob_transfer(call: Call) -> Doc:
    return _move_groups(call, resigned=False)
