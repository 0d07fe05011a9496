"""What people say to each other: text, files, recalls; straight into chat and archive."""

from __future__ import annotations

import base64
import binascii

from channels.sandbox.core import Sandbox
from channels.sandbox.corp import delivery, intercept
from channels.sandbox.corp.content import Part, file_body
from channels.sandbox.errors import ControlError
from channels.sandbox.state.messages import Message
from channels.sandbox.types import Doc

_FILE_KINDS = ("image", "voice", "video", "file", "emotion")


def say(box: Sandbox, fields: Doc) -> Doc:
    """{from, to, text} or {from, to, msgtype, body}; `to` may be a group chat.

    `at` (seconds) puts a message between two people into the past.
    """
    sender, target = str(fields.get("from", "")), str(fields.get("to", ""))
    kind, body = _content(box, fields)
    chat = box.table("groups").get(target)
    if chat is not None:
        messages = _to_group(box, chat, sender, (kind, body))
    else:
        at = int(float(fields.get("at") or 0) * 1000)
        messages = _to_person(box, _pair(box, sender, target, at), sender, (kind, body))
    return {"msgid": messages[0].msgid, "archived": messages[0].archived}


def say_many(box: Sandbox, fields: Doc) -> Doc:
    """{lines: [what `say` takes]}: a conversation at once. Stops at the first refusal."""
    return {"said": [say(box, line) for line in fields.get("lines") or []]}


def _content(box: Sandbox, fields: Doc) -> tuple[str, Doc]:
    kind = str(fields.get("msgtype") or "text")
    body = fields.get("body")
    if kind == "text":
        content = fields.get("text") or (body or {}).get("content")
        if not content:
            raise ControlError("没有内容：请给出 text，或 msgtype 与 body。")
        return kind, {"content": str(content)}
    body = dict(body or {})
    if kind in _FILE_KINDS and "sdkfileid" not in body:
        return kind, {**file_body(kind, _file(box, kind, body)), **body}
    return kind, body


def _file(box: Sandbox, kind: str, body: Doc) -> Doc:
    """The bytes given as base64 (taken out of the body), or a stand-in."""
    encoded = body.pop("content_base64", None)
    if encoded is None:
        return box.media.placeholder(kind)
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise ControlError("content_base64 不是 base64。") from None
    name = str(body.get("filename") or f"{kind}.bin")
    return box.media.add(kind, name, str(body.pop("content_type", "")), data, "archive")


def _pair(box: Sandbox, sender: str, target: str, at: int) -> delivery.Chat:
    """The chat of these two. Refuses strangers, and two people of the same side."""
    from_member, to_member = box.members.get(sender.lower()), box.members.get(target.lower())
    if bool(from_member) == bool(to_member):
        raise ControlError("一方必须是成员，另一方必须是客户。")
    member = (from_member or to_member or {})["userid"]
    customer = target if from_member else sender
    follow = box.relations.follow(member, customer)
    if follow is None or follow.get("deleted_by_customer"):
        raise ControlError("这两个人不是好友。")
    return delivery.Chat(member, customer, at=at)


def _to_person(box: Sandbox, chat: delivery.Chat, sender: str, part: Part) -> list[Message]:
    if sender == chat.customer:
        return delivery.send(box, chat, sender, [part])
    met = intercept.hit(box, chat.member, str(part[1].get("content", "")))
    if met and met["blocked"]:
        raise ControlError(f"被敏感词规则「{met['rule_name']}」拦截：{met['word']}")
    return delivery.send(box, chat, chat.member, [part])


def _to_group(box: Sandbox, chat: Doc, sender: str, part: Part) -> list[Message]:
    inside = [row["userid"] for row in chat["members"]]
    if sender not in inside:
        raise ControlError("发言人不在这个群里。")
    others = tuple(userid for userid in inside if userid != sender)
    customer = "" if sender.lower() in box.members else sender
    where = delivery.Chat(chat["owner"], customer, chat["chat_id"], others)
    messages = delivery.compose(box, where, sender, [part])
    box.record(messages)
    return messages


def recall(box: Sandbox, msgid: str) -> Doc:
    """A recall is a further record; the original stays."""
    original = box.messages.find(msgid)
    if original is None:
        raise ControlError("没有这个 msgid。")
    now = box.clock.millis()
    new = delivery.new_msgid(now)
    plain = delivery.envelope(
        new, original["from"], original["message"]["tolist"], now, original["room"]
    )
    plain |= {"action": "recall", "msgtype": "revoke", "revoke": {"pre_msgid": msgid}}
    message = Message(
        new, now, original["member"], original["customer"], original["from"], plain,
        original["room"], "recall", msgid, original["seq"] is not None, box.keys.current(),
    )  # fmt: skip
    box.record([message])
    return {"msgid": new}


def switch_device(box: Sandbox, userid: str) -> Doc:
    """The odd record without from and tolist, written when a member changes corp in the client."""
    now = box.clock.millis()
    msgid = delivery.new_msgid(now)
    user = box.member(userid)["userid"]
    plain = {"msgid": msgid, "action": "switch", "time": now, "user": user}
    box.record([Message(msgid, now, user, "", user, plain, source="switch")])
    return {"msgid": msgid}
