"""Mass send (contract section 3.8): a task that nobody receives until its members confirm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from channels.sandbox import params
from channels.sandbox.core import Sandbox
from channels.sandbox.corp import content, mass_send
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, api
from channels.sandbox.types import Doc

_MOST_CUSTOMERS = 10_000
_MOST_CHATS = 2000
_MONTH = 31 * 86_400

Plan = dict[str, list[str]]


@api("externalcontact/add_msg_template")
def add_msg_template(call: Call) -> Doc:
    body = call.body
    chat_type = params.text(body, "chat_type", default="single") or "single"
    if chat_type not in ("single", "group"):
        raise WeComError(86214)
    checked = content.check_content(call.box, body)
    plan, failed = (_plan_single if chat_type == "single" else _plan_group)(call.box, body)
    if not plan:
        raise WeComError(41048)
    task = mass_send.create(call.box, {**body, **checked}, plan, failed)
    return {"fail_list": failed, "msgid": task["msgid"]}


def _plan_single(box: Sandbox, body: Doc) -> tuple[Plan, list[str]]:
    """(member to customers, customers that cannot get it)"""
    asked = list(dict.fromkeys(params.text_list(body, "external_userid", _MOST_CUSTOMERS)))
    sender = params.text(body, "sender")
    tag_filter = body.get("tag_filter")
    if not asked and not sender and not tag_filter:
        raise WeComError(40063, "sender, external_userid and tag_filter are empty")
    member = box.member(sender)["userid"] if sender else ""
    if not asked:
        return _plan_by_tags(box, member, _tag_groups(tag_filter)), []
    plan: Plan = {}
    failed: list[str] = []
    for external in asked:
        owner = _owner(box, external, member)
        if owner:
            plan.setdefault(owner, []).append(external)
        else:
            failed.append(external)
    return plan, failed


def _owner(box: Sandbox, external: str, sender: str) -> str:
    """The named sender, or the member who last had contact. Empty when there is none."""
    contact = box.contacts.get(external)
    if contact is None:
        return ""
    follows = [row for row in contact["follows"].values() if not row.get("half")]
    if sender:
        follows = [row for row in follows if row["userid"] == sender]
    if not follows:
        return ""
    return str(max(follows, key=lambda row: row["last_contact"])["userid"])


def _tag_groups(tag_filter: Any) -> list[set[str]]:
    groups = (tag_filter or {}).get("group_list") or []
    return [set(params.text_list(group, "tag_list", 100)) for group in groups]


def _plan_by_tags(box: Sandbox, sender: str, groups: list[set[str]]) -> Plan:
    """OR inside a group, AND between groups; no groups = all customers of the sender."""
    plan: Plan = {}
    candidates: Iterable[str] = box.relations.customers_of(sender) if sender else box.contacts
    for external in candidates:
        owner = _owner(box, external, sender)
        if owner and _has_tags(box, external, owner if sender else "", groups):
            plan.setdefault(owner, []).append(external)
    return plan


def _has_tags(box: Sandbox, external: str, sender: str, groups: list[set[str]]) -> bool:
    follows = box.contacts.rows[external]["follows"].values()
    marked = {
        tag_id
        for follow in follows
        if not sender or follow["userid"] == sender
        for tag_id in follow["tag_id"]
    }
    return all(marked & group for group in groups if group)


def _plan_group(box: Sandbox, body: Doc) -> tuple[Plan, list[str]]:
    sender = box.member(params.need_text(body, "sender"))["userid"]
    asked = params.text_list(body, "chat_id_list", _MOST_CHATS)
    chats = box.table("groups")
    own = [row["chat_id"] for row in chats.values() if row["owner"] == sender]
    good = [chat_id for chat_id in (asked or own) if chat_id in own]
    failed = [chat_id for chat_id in asked if chat_id not in own]
    return ({sender: good} if good else {}), failed


@api("externalcontact/get_groupmsg_list_v2")
def get_groupmsg_list_v2(call: Call) -> Doc:
    body = call.body
    chat_type = params.need_text(body, "chat_type")
    start, end = params.integer(body, "start_time"), params.integer(body, "end_time")
    if not start or not end or end < start or end - start > _MONTH:
        raise WeComError(40058, "start_time and end_time must be at most one month apart")
    creator = params.text(body, "creator").lower()
    kind = params.choice(body, "filter_type", (0, 1, 2), 2)
    rows = [
        task
        for task in call.box.tasks.values()
        if task["chat_type"] == chat_type
        and start <= task["create_time"] <= end
        and (kind == 2 or task["create_type"] == kind)
        and (not creator or task.get("creator", "").lower() == creator)
    ]
    rows.sort(key=lambda task: (-task["create_time"], task["msgid"]))
    size = params.limit(body, 50, 100)
    found, cursor = params.page(rows, body, size, call.box.settings["short_pages"])
    names = ("msgid", "creator", "create_time", "create_type", "text", "attachments")
    return {"group_msg_list": [params.only(row, *names) for row in found], "next_cursor": cursor}


def _task(call: Call) -> Doc:
    task = call.box.tasks.get(params.need_text(call.body, "msgid", 41046))
    if task is None:
        raise WeComError(41047)
    return task


def _dispatched_task(call: Call) -> Doc:
    task = _task(call)
    if call.box.clock.now() < task["dispatch_at"]:
        raise WeComError(41063)
    return task


@api("externalcontact/get_groupmsg_task")
def get_groupmsg_task(call: Call) -> Doc:
    task = _dispatched_task(call)
    rows = []
    for share in mass_send.shares_of(call.box, task):
        sent = {"send_time": share["send_time"]} if share["status"] else {}
        rows.append({"userid": share["userid"], "status": share["status"], **sent})
    size = params.limit(call.body, 500, 1000)
    found, cursor = params.page(rows, call.body, size, call.box.settings["short_pages"])
    return {"task_list": found, "next_cursor": cursor}


@api("externalcontact/get_groupmsg_send_result")
def get_groupmsg_send_result(call: Call) -> Doc:
    task = _dispatched_task(call)
    userid = params.need_text(call.body, "userid")
    share = call.box.shares.get(mass_send.share_key(task["msgid"], userid))
    if share is None:
        raise WeComError(40003)
    key = "chat_id" if task["chat_type"] == "group" else "external_userid"
    rows = [_result_row(key, share["userid"], row) for row in share["rows"]]
    if key == "chat_id":
        rows = [row for row in rows if row["status"]]
    size = params.limit(call.body, 500, 1000)
    found, cursor = params.page(rows, call.body, size, call.box.settings["short_pages"])
    return {"send_list": found, "next_cursor": cursor}


def _result_row(key: str, userid: str, row: list[Any]) -> Doc:
    shown: Doc = {key: row[0], "userid": userid, "status": row[1]}
    if row[2]:
        shown["send_time"] = row[2]
    return shown


@api("externalcontact/remind_groupmsg_send")
def remind_groupmsg_send(call: Call) -> Doc:
    task = _task(call)
    if task["cancelled"]:
        raise WeComError(41093)
    now = call.box.clock.seconds()
    recent = [moment for moment in task["reminders"] if moment > now - 86_400]
    if len(recent) >= call.box.settings["reminds_per_day"]:
        raise WeComError(41094)
    task["reminders"] = [*recent, now]
    # A reminder makes some of those who would not have done it do it.
    for observer in call.box.task_observers:
        observer(task)
    call.box.tasks.save(task["msgid"])
    return {}


@api("externalcontact/cancel_groupmsg_send")
def cancel_groupmsg_send(call: Call) -> Doc:
    """Stops what is not yet sent. Nothing left to stop: 97611."""
    task = _task(call)
    if all(share["status"] for share in mass_send.shares_of(call.box, task)):
        raise WeComError(97611)
    task["cancelled"] = True
    call.box.tasks.save(task["msgid"])
    return {}
