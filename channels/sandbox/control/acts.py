"""`POST /sandbox/api/act`: somebody does something."""

from __future__ import annotations

from aiohttp import web

from channels.sandbox.callbacks.garbage import send_garbage
from channels.sandbox.control.answers import read_object
from channels.sandbox.control.keys import SENDER
from channels.sandbox.dispatch import BOX
from channels.sandbox.errors import ControlError
from channels.sandbox.people import office  # noqa: F401  (registers its actions)
from channels.sandbox.people.actions import ACTIONS, wanted
from channels.sandbox.people.browser import click
from channels.sandbox.types import Doc


async def act(request: web.Request) -> Doc:
    box, fields = request.app[BOX], await read_object(request)
    name = fields.pop("action", "")
    if name == "click":
        return await click(box, wanted(fields, "external_userid"), wanted(fields, "url"))
    if name == "send_garbage_callback":
        return await send_garbage(box, request.app[SENDER], wanted(fields, "kind"))
    if name == "check_url":
        if not box.config.callback_url:
            raise ControlError("没有配置回调地址。")
        return await request.app[SENDER].check_url()
    if name not in ACTIONS:
        known = ", ".join(sorted([*ACTIONS, "click", "send_garbage_callback", "check_url"]))
        raise ControlError(f"没有动作 {name!r}，可用的有：{known}。")
    return {"ok": True, **ACTIONS[name](box, fields)}
