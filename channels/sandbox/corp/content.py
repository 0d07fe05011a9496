"""Content that a bank sends: checked as WeCom checks it, and turned into chat messages."""

from __future__ import annotations

from typing import Any, Final

from channels.sandbox import params
from channels.sandbox.core import Sandbox
from channels.sandbox.errors import WeComError
from channels.sandbox.types import Doc

# (msgtype, body) as in the archive
Part = tuple[str, Doc]

_TEXT_BYTES: Final = 4000
_MOST_ATTACHMENTS: Final = 9
_LIMITS: Final[dict[str, dict[str, int]]] = {
    "link": {"title": 128, "picurl": 2048, "desc": 512, "url": 2048},
    "miniprogram": {"title": 64},
}
_REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "link": ("title", "url"),
    "miniprogram": ("title", "pic_media_id", "appid", "page"),
    "video": ("media_id",),
    "file": ("media_id",),
    "image": (),
}


def check_content(box: Sandbox, body: Doc, missing: int = 40063) -> Doc:
    """{text, attachments} of a mass send or a welcome message; one of them must be there."""
    content = (body.get("text") or {}).get("content", "")
    if not isinstance(content, str):
        raise WeComError(40058, "text.content is not a string")
    params.bytes_at_most(content, "text.content", _TEXT_BYTES)
    attachments = body.get("attachments") or []
    if not isinstance(attachments, list):
        raise WeComError(40058, "attachments is not a list")
    if not content and not attachments:
        raise WeComError(missing, "text and attachments are empty")
    if len(attachments) > _MOST_ATTACHMENTS:
        raise WeComError(41064)
    for attachment in attachments:
        check_attachment(box, attachment)
    return {"text": {"content": content}, "attachments": attachments}


def check_attachment(box: Sandbox, attachment: Any, purpose: str = "media") -> None:
    kind = attachment.get("msgtype") if isinstance(attachment, dict) else None
    if kind not in _REQUIRED:
        raise WeComError(41065)
    body = attachment.get(kind)
    if not isinstance(body, dict):
        raise WeComError(40063, f"{kind} is empty")
    for name in _REQUIRED[kind]:
        params.need_text(body, name)
    for name, longest in _LIMITS.get(kind, {}).items():
        params.bytes_at_most(params.text(body, name), name, longest)
    check_media_of(box, kind, body, purpose)


def check_media_of(box: Sandbox, kind: str, body: Doc, purpose: str = "media") -> None:
    """media ids must be alive and come from the right upload call."""
    if kind == "image" and not body.get("media_id"):
        params.need_text(body, "pic_url")
        return
    for name in ("media_id", "pic_media_id"):
        if name in body:
            check_media(box, body[name], purpose)


def check_media(box: Sandbox, media_id: object, purpose: str = "media") -> Doc:
    row = box.media.alive(media_id)
    if row is None or row["purpose"] != purpose:
        raise WeComError(40007)
    return row


def as_parts(box: Sandbox, content: Doc) -> list[Part]:
    """One chat message for the text and one for each attachment."""
    parts: list[Part] = []
    if content.get("text", {}).get("content"):
        parts.append(("text", {"content": content["text"]["content"]}))
    for attachment in content.get("attachments", ()):
        kind = attachment["msgtype"]
        parts.append(_attachment_part(box, kind, attachment[kind]))
    return parts


def _attachment_part(box: Sandbox, kind: str, body: Doc) -> Part:
    if kind == "link":
        return "link", {
            "title": body["title"], "description": body.get("desc", ""),
            "link_url": body["url"], "image_url": body.get("picurl", ""),
        }  # fmt: skip
    if kind == "miniprogram":
        return "weapp", {
            "title": body["title"], "description": "", "username": body["appid"],
            "displayname": body["title"],
        }  # fmt: skip
    media = box.media.get(body.get("media_id", "")) or _permanent(box, body.get("pic_url", ""))
    return kind, file_body(kind, media or box.media.placeholder(kind))


def _permanent(box: Sandbox, url: str) -> Doc | None:
    return box.media.get(url.rsplit("/", 1)[-1])


def file_body(kind: str, media: Doc) -> Doc:
    """The archive's body of a message with a file."""
    body: Doc = {"md5sum": media["md5"], "sdkfileid": f"sdk{media['media_id']}"}
    if kind == "voice":
        return {**body, "voice_size": media["size"], "play_length": 6}
    if kind == "emotion":
        return {**body, "type": 2, "width": 48, "height": 48, "imagesize": media["size"]}
    body["filesize"] = media["size"]
    if kind == "video":
        body["play_length"] = 12
    if kind == "file":
        extension = media["filename"].rpartition(".")[2]
        body |= {"filename": media["filename"], "fileext": extension}
    return body
