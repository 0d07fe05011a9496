"""Callbacks that a careful receiver must refuse, or must take only once."""

from __future__ import annotations

import dataclasses
import secrets
import time

from channels.sandbox import callback_cipher
from channels.sandbox.callbacks.sender import CallbackSender, Packet, build_packet
from channels.sandbox.core import Sandbox
from channels.sandbox.errors import ControlError
from channels.sandbox.types import Doc

KINDS = (
    "bad_signature", "old_timestamp", "garbage", "duplicate", "wrong_corp", "not_xml",
    "entity_bomb",
)  # fmt: skip


async def send_garbage(box: Sandbox, sender: CallbackSender, kind: str) -> Doc:
    """{kind, statuses: [HTTP status of each request]}"""
    if kind not in KINDS:
        raise ControlError(f"kind 只能是：{', '.join(KINDS)}。")
    if not box.config.callback_url:
        raise ControlError("没有配置回调地址。")
    packet = _packet(box, kind)
    statuses = [(await sender.post(packet))[0]]
    if kind == "duplicate":
        statuses.append((await sender.post(packet))[0])
    return {"kind": kind, "statuses": statuses}


def _packet(box: Sandbox, kind: str) -> Packet:
    xml = _sample_xml(box)
    if kind == "wrong_corp":
        return build_packet(box, xml, corp_id="ww0000000000000000")
    if kind == "old_timestamp":
        return build_packet(box, xml, timestamp=int(time.time()) - 3600)
    packet = build_packet(box, xml)
    if kind == "bad_signature":
        return dataclasses.replace(packet, query={**packet.query, "msg_signature": "0" * 40})
    if kind == "garbage":
        return _signed_rubbish(box)
    if kind == "not_xml":
        return dataclasses.replace(packet, body="\x00<<<not xml")
    if kind == "entity_bomb":
        entities = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
        body = f"{entities}<xml><Encrypt>&b;</Encrypt></xml>"
        return dataclasses.replace(packet, body=body)
    return packet


def _sample_xml(box: Sandbox) -> str:
    """The newest real event, else a harmless one."""
    recent = box.callbacks.recent(1)
    if recent:
        return str(recent[0]["xml"])
    return (
        f"<xml><ToUserName><![CDATA[{box.config.corp_id}]]></ToUserName>"
        "<FromUserName><![CDATA[sys]]></FromUserName>"
        f"<CreateTime>{box.clock.seconds()}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        "<Event><![CDATA[msgaudit_notify]]></Event></xml>"
    )


def _signed_rubbish(box: Sandbox) -> Packet:
    """Rightly signed, but the cipher text is noise."""
    noise = secrets.token_hex(32)
    stamp, nonce = str(int(time.time())), str(secrets.randbelow(10**10))
    sign = callback_cipher.signature(box.config.callback_token, stamp, nonce, noise)
    query = {"msg_signature": sign, "timestamp": stamp, "nonce": nonce}
    return Packet(query, f"<xml><Encrypt><![CDATA[{noise}]]></Encrypt></xml>")
