"""What a chat record says, as one readable and scannable text, for every message type."""

import datetime
import json
from collections.abc import Callable
from typing import Any

from django.utils import timezone

Body = dict[str, Any]
_MAX_NESTING = 4


def _at(seconds: Any) -> str:
    """A time that WeCom gives in seconds, or in milliseconds where its documents disagree."""
    try:
        value = int(seconds)
        value = value // 1000 if value > 10**11 else value
        moment = datetime.datetime.fromtimestamp(value, tz=timezone.get_default_timezone())
        return f"{moment:%Y-%m-%d %H:%M}"
    except (TypeError, ValueError, OverflowError, OSError):
        return ""


def _words(*parts: Any) -> str:
    return " ".join(str(part) for part in parts if part not in (None, ""))


def _fields(label: str, *names: str) -> Callable[[Body, int], str]:
    """A type whose text is a label and some of its fields."""

    def text(body: Body, depth: int) -> str:
        return _words(f"[{label}]", *(body.get(name) for name in names))

    return text


def _text(body: Body, depth: int) -> str:
    return str(body.get("content") or "")


def _voice(body: Body, depth: int) -> str:
    return f"[语音] {body.get('play_length', 0)} 秒"


def _video(body: Body, depth: int) -> str:
    return f"[视频] {body.get('play_length', 0)} 秒"


def _vote(body: Body, depth: int) -> str:
    return _words("[投票]", body.get("votetitle"), *(body.get("voteitem") or []))


def _collect(body: Body, depth: int) -> str:
    questions = [row.get("ques") for row in body.get("details") or []]
    return _words("[收集表]", body.get("title"), *questions)


def _redpacket(body: Body, depth: int) -> str:
    amount = int(body.get("totalamount") or 0) / 100
    return _words("[红包]", body.get("wish"), f"{body.get('totalcnt', 0)} 个共 {amount:.2f} 元")


def _meeting(body: Body, depth: int) -> str:
    return _words(
        "[会议]",
        body.get("topic"),
        _at(body.get("starttime")),
        body.get("address"),
        body.get("remarks"),
    )


def _calendar(body: Body, depth: int) -> str:
    return _words(
        "[日程]",
        body.get("title"),
        _at(body.get("starttime")),
        body.get("place"),
        body.get("remarks"),
    )


def _news(body: Body, depth: int) -> str:
    items = [
        _words(row.get("title"), row.get("description"), row.get("url"))
        for row in body.get("item") or []
    ]
    return "\n".join(["[图文]", *items])


def _voip(body: Body, depth: int) -> str:
    return f"[音视频通话] {body.get('callduration', 0)} 秒"


def _item(row: Body, depth: int) -> str:
    """One part of a mixed message or a forwarded record: its content is JSON in a string."""
    kind = str(row.get("type") or "").removeprefix("ChatRecord").lower()
    inner = row.get("content")
    if isinstance(inner, str):
        try:
            inner = json.loads(inner, strict=False)
        except ValueError:
            return inner
    return body_text(kind, inner if isinstance(inner, dict) else {}, depth + 1)


def _items(label: str) -> Callable[[Body, int], str]:
    def text(body: Body, depth: int) -> str:
        head = _words(label, body.get("title"))
        rows = [_item(row, depth) for row in body.get("item") or []]
        return "\n".join(part for part in [head, *rows] if part)

    return text


_TYPES: dict[str, Callable[[Body, int], str]] = {
    "text": _text,
    "markdown": _text,
    "image": _fields("图片"),
    "voice": _voice,
    "video": _video,
    "card": _fields("名片", "corpname", "userid"),
    "location": _fields("位置", "title", "address"),
    "emotion": _fields("表情"),
    "file": _fields("文件", "filename"),
    "qydiskfile": _fields("微盘文件", "filename"),
    "link": _fields("链接", "title", "description", "link_url"),
    "weapp": _fields("小程序", "displayname", "title", "description"),
    "todo": _fields("待办", "title", "content"),
    "docmsg": _fields("文档", "title", "link_url"),
    "sphfeed": _fields("视频号", "sph_name", "feed_desc"),
    "voip_doc_share": _fields("通话共享文档", "filename"),
    "meeting_voice_call": _fields("会议录音"),
    "agree": _fields("同意会话存档"),
    "disagree": _fields("不同意会话存档"),
    "revoke": _fields("撤回了一条消息"),
    "vote": _vote,
    "collect": _collect,
    "redpacket": _redpacket,
    "external_redpacket": _redpacket,
    "meeting": _meeting,
    "calendar": _calendar,
    "news": _news,
    "voiptext": _voip,
    "mixed": _items(""),
    "chatrecord": _items("[聊天记录]"),
}
# Types whose body stands under another key than their name.
_KEYS = {
    "docmsg": ("doc",),
    "markdown": ("info",),
    "news": ("info",),
    "voiptext": ("info",),
    "qydiskfile": ("info",),
    "external_redpacket": ("redpacket", "external_redpacket"),
    "disagree": ("disagree", "agree"),
}
LABELS = {
    "text": "文字", "image": "图片", "voice": "语音", "video": "视频", "file": "文件",
    "link": "链接", "weapp": "小程序", "location": "位置", "card": "名片", "emotion": "表情",
    "chatrecord": "聊天记录", "mixed": "图文混合", "redpacket": "红包", "revoke": "撤回",
    "agree": "同意存档",
    "disagree": "不同意存档", "switch": "切换企业", "undecodable": "无法解码",
    "repeat": "重复记录",
}  # fmt: skip


def body_text(msgtype: str, body: Body, depth: int = 0) -> str:
    """A type that is not known keeps its name: the plain JSON is stored beside it either way."""
    if depth > _MAX_NESTING:
        return "[嵌套过深]"
    make = _TYPES.get(msgtype)
    return make(body, depth) if make else f"[{msgtype or '未知类型'}]"


def body_of(record: Body, msgtype: str) -> Body:
    """The body of a record; votes and some others stand at its top level."""
    for key in _KEYS.get(msgtype, (msgtype,)):
        if isinstance(record.get(key), dict):
            return dict(record[key])
    return record
