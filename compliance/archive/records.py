"""From an envelope to a record: opening, parsing, and naming what cannot be read. No database."""

import datetime
import json
from typing import Any, NamedTuple

from channels.providers.base import ProviderError
from channels.providers.wecom.archive import ArchiveSdk
from compliance.archive.content import body_of, body_text
from compliance.models import ArchiveEnvelope

UNDECODABLE, REPEAT = "undecodable", "repeat"
# Records that nobody said: they are kept and sealed, but there is nothing to scan.
UNREADABLE = (UNDECODABLE, REPEAT)
_LENIENT = json.JSONDecoder(strict=False)


class Record(NamedTuple):
    """One chat record as WeCom states it; ids are not yet looked up."""

    msgid: str
    action: str
    msgtype: str
    sender: str
    receivers: list[str]
    room_id: str
    sent_at: datetime.datetime
    body: str
    text: str
    recalls: str = ""
    error: str = ""
    people: tuple[str, ...] = ()


def read(envelope: ArchiveEnvelope, key: str | None, sdk: ArchiveSdk) -> Record:
    """`key` is the opened random key, None if it is damaged. Never raises for a damaged record."""
    if key is None:
        return undecodable(envelope, "随机密钥解不开：数据损坏，或私钥与版本不符")
    try:
        plain = sdk.decrypt(key, envelope.encrypt_chat_msg)
    except ProviderError as error:
        return undecodable(envelope, error.message)
    except ValueError:
        return undecodable(envelope, "消息解密后不是文本")
    return parse(envelope, plain)


def parse(envelope: ArchiveEnvelope, plain: str) -> Record:
    """Messages may hold control characters, hence the lenient JSON reader."""
    try:
        data = _LENIENT.decode(plain)
        return _record(envelope, data, plain)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError) as error:
        return undecodable(envelope, f"记录无法解析（{type(error).__name__}）", plain)


def undecodable(envelope: ArchiveEnvelope, why: str, plain: str = "") -> Record:
    return Record(
        msgid=envelope.msgid,
        action="",
        msgtype=UNDECODABLE,
        sender="",
        receivers=[],
        room_id="",
        sent_at=envelope.received_at,
        body=plain,
        text="",
        error=why[:200],
    )


def repeat(envelope: ArchiveEnvelope, record: Record) -> Record:
    """WeCom gives a record a second time under a new number: noted, not shown twice."""
    return Record(
        msgid=record.msgid,
        action=record.action,
        msgtype=REPEAT,
        sender="",
        receivers=[],
        room_id="",
        sent_at=record.sent_at,
        body=record.body,
        text="",
        error="与先前收到的记录相同",
    )


def _moment(millis: Any) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(int(millis) / 1000, tz=datetime.UTC)


def _record(envelope: ArchiveEnvelope, data: dict[str, Any], plain: str) -> Record:
    action = str(data.get("action") or "send")
    msgtype = "switch" if action == "switch" else str(data["msgtype"])
    body = body_of(data, msgtype)
    sender = str(data.get("from") or data.get("user") or body.get("userid") or "")
    receivers = [str(item) for item in data.get("tolist") or []]
    recall = data.get("revoke") or {}
    return Record(
        msgid=str(data.get("msgid") or envelope.msgid)[:120],
        action=action[:10],
        msgtype=msgtype[:30],
        sender=sender[:64],
        receivers=receivers,
        room_id=str(data.get("roomid") or "")[:64],
        sent_at=_moment(data.get("msgtime") or data.get("time") or _received_millis(envelope)),
        body=plain,
        text="[切换企业]" if action == "switch" else body_text(msgtype, body).replace("\x00", ""),
        recalls=str(recall.get("pre_msgid") or "")[:120] if action == "recall" else "",
        people=tuple(dict.fromkeys([sender, *receivers])),
    )


def _received_millis(envelope: ArchiveEnvelope) -> int:
    return int(envelope.received_at.timestamp() * 1000)
