"""Welcome messages (contract section 3.7): one code, twenty seconds, one use."""

from __future__ import annotations

from channels.sandbox import params
from channels.sandbox.corp import content, delivery
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, api
from channels.sandbox.types import Doc


@api("externalcontact/send_welcome_msg")
def send_welcome_msg(call: Call) -> Doc:
    box = call.box
    code = params.need_text(call.body, "welcome_code", 41049)
    row = box.table("welcome_codes").get(code)
    if row is None or box.clock.now() > row["expires_at"]:
        raise WeComError(41050)
    member, customer = row["userid"], row["external_userid"]
    if row["used"] or box.messages.chatted(member, customer):
        raise WeComError(41051)
    agreed = delivery.agree_status(box, member, customer)["agree_status"] == "Agree"
    if box.settings["welcome_needs_agree"] and not agreed:
        raise WeComError(41053)
    checked = content.check_content(box, call.body)
    row["used"] = True
    box.table("welcome_codes").save(code)
    parts = content.as_parts(box, checked)
    delivery.send(box, delivery.Chat(member, customer), member, parts, ("welcome", code[:12]))
    return {}
