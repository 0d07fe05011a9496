"""The overview and the phone. Both are static files that read the control API."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Final

from aiohttp import web

from channels.sandbox.dispatch import BOX

BANNER: Final = '<p class="banner">这是企业微信模拟器，不会向任何真人发送消息</p>'
_FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".html": "text/html"}


def shell(title: str, body: str, status: int = 200) -> web.Response:
    """A small page around `body`, which must already be escaped."""
    page = (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)} · 企业微信模拟器</title>"
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/sandbox/static/sandbox.css">'
        f'</head><body><main class="narrow">{body}</main></body></html>'
    )
    return web.Response(text=page, content_type="text/html", status=status)


def _file(name: str) -> web.Response:
    path = _FOLDER / name
    kind = _TYPES[path.suffix]
    return web.Response(body=path.read_bytes(), content_type=kind, charset="utf-8")


async def to_overview(request: web.Request) -> web.Response:
    raise web.HTTPFound("/sandbox/")


async def overview(request: web.Request) -> web.Response:
    return _file("overview.html")


async def phone(request: web.Request) -> web.Response:
    return _file("phone.html")


async def acquisition(request: web.Request) -> web.Response:
    """Where an acquisition link leads: in WeChat it would offer to add a member."""
    link = request.app[BOX].table("links").get(request.match_info["link_id"])
    if link is None:
        raise web.HTTPNotFound
    name = escape(link["link_name"])
    text = "<p>在微信里打开时，这里会请客户添加一位员工。测试时请用控制接口的 open_link 动作。</p>"
    return shell(
        link["link_name"], f'{BANNER}<h1>{name}</h1><section class="card">{text}</section>'
    )


async def static(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in {path.name for path in _FOLDER.iterdir()}:
        raise web.HTTPNotFound
    return _file(name)
