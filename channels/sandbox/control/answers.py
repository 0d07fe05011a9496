"""Shared plumbing of the control API: JSON in, JSON out, refusals as 400 with a sentence."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from channels.sandbox.dispatch import BOX
from channels.sandbox.errors import ControlError, WeComError, describe
from channels.sandbox.state.store import dump

Handler = Callable[[web.Request], Awaitable[Any]]


def control(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Commits before answering, as the vendor API does."""

    async def wrapped(request: web.Request) -> web.Response:
        status = 200
        try:
            answer = await handler(request)
        except ControlError as error:
            answer, status = {"error": str(error)}, 400
        except WeComError as error:
            text = describe(error.code, error.detail)
            answer, status = {"error": text, "errcode": error.code}, 400
        request.app[BOX].commit()
        return web.Response(
            status=status, body=dump(answer).encode(), content_type="application/json",
            charset="utf-8",
        )  # fmt: skip

    return wrapped


async def read_json(request: web.Request) -> Any:
    raw = await request.read()
    try:
        return json.loads(raw) if raw else {}
    except ValueError:
        raise ControlError("请求体不是 JSON。") from None


async def read_object(request: web.Request) -> dict[str, Any]:
    body = await read_json(request)
    if not isinstance(body, dict):
        raise ControlError("请求体必须是 JSON 对象。")
    return body


def number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, "")
    if not text:
        return default
    if not text.lstrip("-").isdigit():
        raise ControlError(f"{name} 必须是数字。")
    return int(text)
