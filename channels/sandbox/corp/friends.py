"""The life of a relation between a member and a customer, as people cause it, with its events."""

from __future__ import annotations

from channels.sandbox import ids
from channels.sandbox.core import Sandbox
from channels.sandbox.corp import delivery
from channels.sandbox.errors import ControlError
from channels.sandbox.types import Doc


def new_contact(box: Sandbox, fields: Doc) -> Doc:
    """A person who is nobody's customer yet. type 1 = WeChat, 2 = WeCom user of another corp."""
    external_userid = str(fields.get("external_userid") or ids.fresh("wm", 30))
    kind = 2 if external_userid.startswith("wo") else 1
    contact: Doc = {
        "external_userid": external_userid,
        "name": str(fields.get("name") or "新客户"),
        "avatar": fields.get("avatar")
        or f"{box.config.public_url}/sandbox/avatar/{external_userid}.svg",
        "type": fields.get("type") or kind,
        "gender": fields.get("gender", 0),
        "follows": {},
    }
    for name in ("unionid", "position", "corp_name", "corp_full_name", "external_profile"):
        if fields.get(name):
            contact[name] = fields[name]
    return contact


def new_follow(box: Sandbox, userid: str, fields: Doc) -> Doc:
    created = int(fields.get("createtime") or box.clock.seconds())
    follow: Doc = {
        "userid": userid,
        "remark": fields.get("remark", ""),
        "description": fields.get("description", ""),
        "createtime": created,
        "tag_id": list(fields.get("tag_id") or []),
        "remark_mobiles": list(fields.get("remark_mobiles") or []),
        "add_way": int(fields.get("add_way", 1)),
        "oper_userid": fields.get("oper_userid") or userid,
        "last_contact": int(fields.get("last_contact") or created),
    }
    for name in ("state", "remark_corp_name", "wechat_channels", "half", "deleted_by_customer"):
        if fields.get(name):
            follow[name] = fields[name]
    return follow


def customer_add(box: Sandbox, fields: Doc) -> Doc:
    """The customer adds the member. {external_userid?|name…, userid, state?, add_way?, half?}"""
    member = box.member(fields.get("userid"))
    contact = box.contacts.get(str(fields.get("external_userid", "")))
    if contact is None:
        contact = new_contact(box, fields)
        box.contacts.put(contact["external_userid"], contact)
    external = contact["external_userid"]
    old = box.relations.follow(member["userid"], external)
    if old and not old.get("half") and not old.get("deleted_by_customer"):
        raise ControlError("这位客户已经是该成员的好友。")
    chatted = box.messages.chatted(member["userid"], external)
    follow = new_follow(box, member["userid"], {"oper_userid": external, **fields})
    follow["half"] = bool(fields.get("half"))
    box.relations.add(external, follow)
    code = _welcome_code(box, member["userid"], external, chatted)
    change = "add_half_external_contact" if follow["half"] else "add_external_contact"
    _emit(
        box, change, member["userid"], external, State=follow.get("state"), WelcomeCode=code or None
    )
    return {
        "external_userid": external,
        "userid": member["userid"],
        "welcome_code_sent": bool(code),
    }


def _welcome_code(box: Sandbox, userid: str, external: str, chatted: bool) -> str:
    """Empty when WeCom would give none: console welcome, old chat, partner's WeCom user."""
    if userid in box.settings["console_welcome_members"] or chatted:
        return ""
    code = ids.fresh("WC", 40)
    row: Doc = {
        "code": code, "userid": userid, "external_userid": external, "used": False,
        "expires_at": box.clock.now() + box.settings["welcome_seconds"],
    }  # fmt: skip
    box.table("welcome_codes").put(code, row)
    box.table("welcome_codes").prune(5000)
    return code


def customer_delete(box: Sandbox, userid: str, external: str) -> Doc:
    """The one-way relation remains and the APIs keep working."""
    follow = _existing(box, userid, external)
    follow["deleted_by_customer"] = True
    box.contacts.save(external)
    _emit(box, "del_follow_user", follow["userid"], external)
    return {"external_userid": external, "userid": follow["userid"]}


def member_delete(box: Sandbox, userid: str, external: str) -> Doc:
    follow = _existing(box, userid, external)
    box.relations.remove(userid, external)
    _emit(box, "del_external_contact", follow["userid"], external)
    return {"external_userid": external, "userid": follow["userid"]}


def member_edit(box: Sandbox, userid: str, external: str, fields: Doc) -> Doc:
    """The member edits remark, description or tags in the client. Mobiles alone make no event."""
    follow = _existing(box, userid, external)
    names = ("remark", "description", "tag_id", "remark_mobiles", "remark_corp_name")
    changed = {name: fields[name] for name in names if name in fields}
    follow.update(changed)
    box.contacts.save(external)
    if set(changed) - {"remark_mobiles"}:
        _emit(box, "edit_external_contact", follow["userid"], external)
    return {"changed": sorted(changed)}


def set_agree(box: Sandbox, userid: str, external: str, agreed: bool) -> Doc:
    """The customer answers the archiving notice; the answer is itself an archive record."""
    follow = _existing(box, userid, external)
    member, now = follow["userid"], box.clock.millis()
    word = "agree" if agreed else "disagree"
    row = {"agree_status": "Agree" if agreed else "Disagree", "status_change_time": now // 1000}
    chatted = box.messages.chatted(member, external)
    box.table("agrees").put(f"{member}|{external}", row)
    body = {"userid": external, f"{word}_time": now}
    made = delivery.compose(
        box, delivery.Chat(member, external), external, [(word, body)], ("agree", "")
    )
    for message in made:
        # The answer is recorded even when it is a refusal.
        message.archived = bool(box.settings["archive_opened"])
    box.record(made)
    if agreed:
        code = _welcome_code(box, member, external, chatted)
        _emit(box, "msg_audit_approved", member, external, WelcomeCode=code or None)
    return row


def _existing(box: Sandbox, userid: str, external: str) -> Doc:
    follow = box.relations.follow(userid, external)
    if follow is None:
        raise ControlError("这位客户不是该成员的好友。")
    return follow


def _emit(box: Sandbox, change: str, userid: str, external: str, **extra: object) -> None:
    box.emit("change_external_contact", change, UserID=userid, ExternalUserID=external, **extra)
