"""Everything a person can do in a WeCom or WeChat client, by name, for the control API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from channels.sandbox.core import Sandbox
from channels.sandbox.corp import friends, mass_send
from channels.sandbox.corp.content import check_content
from channels.sandbox.errors import ControlError
from channels.sandbox.people import chat, codes
from channels.sandbox.types import Doc, Docs

Action = Callable[[Sandbox, Doc], Doc]

ACTIONS: dict[str, Action] = {}


def action(name: str) -> Callable[[Action], Action]:
    def register(function: Action) -> Action:
        ACTIONS[name] = function
        return function

    return register


def wanted(fields: Doc, name: str) -> Any:
    value = fields.get(name)
    if value in (None, ""):
        raise ControlError(f"缺少 {name}。")
    return value


@action("confirm_task")
def confirm_task(box: Sandbox, fields: Doc) -> Doc:
    """`only`: the recipients left ticked, when the task allows re-selecting."""
    only = set(fields["only"]) if fields.get("only") is not None else None
    return mass_send.confirm(box, wanted(fields, "msgid"), wanted(fields, "userid"), only)


@action("confirm_all")
def confirm_all(box: Sandbox, fields: Doc) -> Doc:
    """Every waiting share, or only those of one task or one member."""
    msgid, userid = fields.get("msgid"), str(fields.get("userid") or "").lower()
    done: Docs = []
    for share in list(box.shares.values()):
        task = box.tasks.rows[share["msgid"]]
        if share["status"] or task["cancelled"]:
            continue
        if msgid in (None, share["msgid"]) and userid in ("", share["userid"].lower()):
            done.append(mass_send.confirm(box, share["msgid"], share["userid"]))
    return {"confirmed": done}


@action("member_mass_send")
def member_mass_send(box: Sandbox, fields: Doc) -> Doc:
    """A member sends to many customers on his own: counts for the receipt cap all the same."""
    member = box.member(wanted(fields, "userid"))
    body = {"text": {"content": fields.get("text", "")}, "attachments": fields.get("attachments")}
    targets = fields.get("external_userid") or box.relations.customers_of(member["userid"])
    task = mass_send.create(box, check_content(box, body), {member["userid"]: list(targets)}, [])
    task |= {"create_type": 1, "creator": member["userid"], "dispatch_at": box.clock.seconds()}
    return mass_send.confirm(box, task["msgid"], member["userid"])


@action("customer_add")
def customer_add(box: Sandbox, fields: Doc) -> Doc:
    return friends.customer_add(box, fields)


@action("scan")
def scan(box: Sandbox, fields: Doc) -> Doc:
    return codes.scan(box, fields)


@action("customer_delete")
def customer_delete(box: Sandbox, fields: Doc) -> Doc:
    return friends.customer_delete(box, wanted(fields, "userid"), wanted(fields, "external_userid"))


@action("member_delete")
def member_delete(box: Sandbox, fields: Doc) -> Doc:
    return friends.member_delete(box, wanted(fields, "userid"), wanted(fields, "external_userid"))


@action("member_edit")
def member_edit(box: Sandbox, fields: Doc) -> Doc:
    return friends.member_edit(
        box, wanted(fields, "userid"), wanted(fields, "external_userid"), fields
    )


@action("agree")
def agree(box: Sandbox, fields: Doc) -> Doc:
    return friends.set_agree(
        box, wanted(fields, "userid"), wanted(fields, "external_userid"), agreed=True
    )


@action("disagree")
def disagree(box: Sandbox, fields: Doc) -> Doc:
    return friends.set_agree(
        box, wanted(fields, "userid"), wanted(fields, "external_userid"), agreed=False
    )


@action("say")
def say(box: Sandbox, fields: Doc) -> Doc:
    return chat.say(box, fields)


@action("say_many")
def say_many(box: Sandbox, fields: Doc) -> Doc:
    return chat.say_many(box, fields)


@action("recall")
def recall(box: Sandbox, fields: Doc) -> Doc:
    return chat.recall(box, wanted(fields, "msgid"))


@action("switch")
def switch(box: Sandbox, fields: Doc) -> Doc:
    return chat.switch_device(box, wanted(fields, "userid"))


@action("emit")
def emit(box: Sandbox, fields: Doc) -> Doc:
    """Any callback, for events that no action here causes: {event, change_type?, fields:{}}"""
    box.emit(wanted(fields, "event"), fields.get("change_type", ""), **(fields.get("fields") or {}))
    return {}
