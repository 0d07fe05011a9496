"""Uploads and downloads (contract section 5)."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from channels.sandbox import params
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, Upload, api
from channels.sandbox.state.clock import day_start, in_china
from channels.sandbox.types import Doc

_MEGA: Final = 1024 * 1024
_LIMITS: Final = {"image": 10 * _MEGA, "voice": 2 * _MEGA, "video": 10 * _MEGA, "file": 20 * _MEGA}
_PICTURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_PERMANENT_PER_DAY, _PERMANENT_PER_MONTH = 1000, 3000


def _checked(call: Call, kind: str, most: int) -> Upload:
    upload = call.upload
    if upload is None:
        raise WeComError(41006, "multipart field media is missing")
    if not upload.data:
        raise WeComError(44001)
    if len(upload.data) <= 5 or len(upload.data) > most:
        raise WeComError(45001 if len(upload.data) > most else 40006)
    if kind == "image" and not upload.data.startswith(_PICTURES):
        raise WeComError(40123)
    return upload


@api("media/upload", "POST", multipart=True)
def upload(call: Call) -> Doc:
    kind = call.query.get("type", "")
    if kind not in _LIMITS:
        raise WeComError(40004)
    got = _checked(call, kind, _LIMITS[kind])
    row = call.box.media.add(kind, got.filename, got.content_type, got.data, "media")
    return {"type": kind, "media_id": row["media_id"], "created_at": str(row["created_at"])}


@api("media/upload_attachment", "POST", multipart=True)
def upload_attachment(call: Call) -> Doc:
    kind, target = call.query.get("media_type", ""), call.query.get("attachment_type", "")
    if kind not in ("image", "video", "file") or target not in ("1", "2"):
        raise WeComError(40004)
    if target == "1" and kind == "file":
        raise WeComError(40004, "moments take images and videos only")
    got = _checked(call, kind, _LIMITS[kind])
    row = call.box.media.add(kind, got.filename, got.content_type, got.data, "attachment")
    return {"type": kind, "media_id": row["media_id"], "created_at": row["created_at"]}


@api("media/uploadimg", "POST", multipart=True)
def uploadimg(call: Call) -> Doc:
    _count_permanent(call)
    got = _checked(call, "image", 2 * _MEGA)
    row = call.box.media.add("image", got.filename, got.content_type, got.data, "permanent")
    return {"url": f"{call.box.config.public_url}/sandbox/media/{row['media_id']}"}


def _count_permanent(call: Call) -> None:
    now = call.box.clock.now()
    table = call.box.table("permanent_images")
    for key, most in (
        (f"day{day_start(now)}", _PERMANENT_PER_DAY),
        (f"month{in_china(now):%Y%m}", _PERMANENT_PER_MONTH),
    ):
        count = (table.get(key) or {"count": 0})["count"] + 1
        if count > most:
            raise WeComError(45009)
        table.put(key, {"count": count})


@api("media/get", "GET", app="any")
def get(call: Call) -> web.Response:
    row = call.box.media.alive(params.need_text(call.query, "media_id", 41006))
    if row is None:
        raise WeComError(40007)
    return web.Response(
        body=call.box.media.read(row["media_id"]),
        content_type=row["content_type"].partition(";")[0],
        headers={"Content-Disposition": f'attachment; filename="{_plain(row["filename"])}"'},
    )


def _plain(filename: str) -> str:
    return re.sub(r"[^\w.\-]", "_", filename)
