"""Pictures that the API's answers point to."""

from __future__ import annotations

import hashlib
import io
from html import escape

import segno
from aiohttp import web

from channels.sandbox.dispatch import BOX

_COLOURS = ("#4f7cff", "#2f9e8f", "#c2703d", "#8b5fbf", "#b3475b", "#3d7ea6", "#6b8e23")


async def media(request: web.Request) -> web.Response:
    box = request.app[BOX]
    row = box.media.get(request.match_info["media_id"])
    if row is None:
        raise web.HTTPNotFound
    kind = row["content_type"].partition(";")[0]
    # Only pictures are shown in the browser: an uploaded page must not run here.
    safe = kind if kind in ("image/png", "image/jpeg", "image/gif") else "application/octet-stream"
    return web.Response(body=box.media.read(row["media_id"]), content_type=safe)


async def avatar(request: web.Request) -> web.Response:
    """A coloured square with the first character of the name."""
    box, person = request.app[BOX], request.match_info["person"]
    row = box.contacts.get(person) or box.members.get(person.lower()) or {}
    colour = _COLOURS[hashlib.sha256(person.encode()).digest()[0] % len(_COLOURS)]
    letter = escape(str(row.get("name") or "？")[:1])
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 80">'
        f'<rect width="80" height="80" rx="12" fill="{colour}"/>'
        '<text x="40" y="54" font-size="40" text-anchor="middle" fill="#fff"'
        f' font-family="sans-serif">{letter}</text></svg>'
    )
    headers = {"Cache-Control": "max-age=3600"}
    return web.Response(text=svg, content_type="image/svg+xml", headers=headers)


async def qr_code(request: web.Request) -> web.Response:
    box, config_id = request.app[BOX], request.match_info["config_id"]
    if config_id not in box.table("contact_ways") and config_id not in box.table("join_ways"):
        raise web.HTTPNotFound
    target = f"{box.config.public_url}/sandbox/?scan={config_id}"
    out = io.BytesIO()
    segno.make(target, error="m").save(out, kind="svg", scale=6, border=3)
    return web.Response(body=out.getvalue(), content_type="image/svg+xml")
