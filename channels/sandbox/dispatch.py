"""`/cgi-bin/…`: faults, limits, token, body, handler, commit, answer; in this order."""

from __future__ import annotations

import asyncio
import json
import logging
import re

from aiohttp import web
from aiohttp.multipart import BodyPartReader

from channels.sandbox import access
from channels.sandbox.core import Sandbox
from channels.sandbox.errors import WeComError, describe
from channels.sandbox.registry import Call, Endpoint, Upload, registry
from channels.sandbox.state.faults import CODES
from channels.sandbox.state.store import dump
from channels.sandbox.types import Doc

logger = logging.getLogger("wecom_sandbox.api")

BOX: web.AppKey[Sandbox] = web.AppKey("box", Sandbox)

# `\u4e2d` instead of raw UTF-8. Escaped control characters are legitimate JSON and pass.
_ESCAPED_TEXT = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?!00[0-7])[0-9a-fA-F]{4}")
_HTML = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"


class _MalformedJson(Exception):
    pass


async def cgi(request: web.Request) -> web.StreamResponse:
    box = request.app[BOX]
    path = request.match_info["path"].rstrip("/")
    box.limits.in_flight[path] += 1
    try:
        fault = box.faults.take(path) if box.faults.active else None
        early = await _fault_before(box, fault, request) if fault else None
        if early is not None:
            return early
        answer = await _answer(box, path, request)
        if fault and fault["kind"] == "drop_after":
            return _drop(request)
        return answer
    finally:
        box.limits.in_flight[path] -= 1


async def _fault_before(box: Sandbox, fault: Doc, request: web.Request) -> web.Response | None:
    """The answer of a fault that keeps the call from having any effect."""
    kind, value = fault["kind"], fault["value"]
    box.commit()
    if kind == "latency":
        await asyncio.sleep(float(value))
        return None
    if kind == "drop_before":
        return _drop(request)
    if kind in ("http", "html", "empty"):
        return _broken_answer(kind, value)
    if kind in ("token_expired", "token_revoked"):
        access.spoil(box, request.query, kind)
        box.commit()
    if kind == "drop_after":
        return None
    code = CODES[kind] if kind in CODES else int(value)
    return _json({"errcode": code, "errmsg": describe(code)})


def _broken_answer(kind: str, value: object) -> web.Response:
    if kind == "http":
        return web.Response(status=int(str(value)), text=_HTML, content_type="text/html")
    if kind == "html":
        return web.Response(
            text="<html><body>登录网络后继续</body></html>", content_type="text/html"
        )
    return web.Response(text="", content_type="application/json")


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _answer(box: Sandbox, path: str, request: web.Request) -> web.StreamResponse:
    endpoint = registry.endpoints.get(path)
    if endpoint is None:
        logger.warning("unknown endpoint %s", path)
        return web.Response(status=404, text="404 page not found")
    try:
        return await _run(box, endpoint, path, request)
    except WeComError as error:
        answer = _refusal(error)
    except _MalformedJson:
        text = describe(40058, "Warning: wrong json format.")
        answer = _json({"errcode": 40058, "errmsg": text})
    except (TypeError, AttributeError, KeyError, ValueError):
        # A value of an unexpected type somewhere inside the body.
        logger.warning("parameters of %s refused", path, exc_info=True)
        answer = _refusal(WeComError(40058))
    box.commit()
    return answer


async def _run(
    box: Sandbox, endpoint: Endpoint, path: str, request: web.Request
) -> web.StreamResponse:
    remote = request.remote or ""
    token = access.authenticate(box, endpoint, path, request.query, remote)
    box.limits.count(path, box.clock.now())
    if request.method not in endpoint.methods:
        raise WeComError(40063, "body is empty")
    call = Call(box, path, request.query, {}, token.get("app", ""), token.get("key", ""), remote)
    if endpoint.multipart:
        call.upload = await _read_upload(request)
    elif request.method == "POST":
        call.body = _parse(box, await request.read())
    result = endpoint.handler(call)
    # Durable before the answer leaves.
    box.commit()
    if isinstance(result, web.Response):
        return result
    return _json(_complete(path, result))


def _complete(path: str, result: Doc) -> Doc:
    if result.pop("no_errcode", False):
        return result
    return {"errcode": 0, "errmsg": _success_text(path), **result}


def _success_text(path: str) -> str:
    """Differs between endpoints, as in the vendor's samples; only the code counts."""
    verb = path.rsplit("/", 1)[-1].partition("_")[0]
    return {"add": "created", "update": "updated", "del": "deleted"}.get(verb, "ok")


def _parse(box: Sandbox, raw: bytes) -> Doc:
    if not raw:
        return {}
    if box.settings["refuse_unicode_escapes"] and b"\\u" in raw and _ESCAPED_TEXT.search(raw):
        raise WeComError(40033, "send raw utf-8 instead of escapes")
    try:
        body = json.loads(raw)
    except ValueError:
        raise _MalformedJson from None
    if not isinstance(body, dict):
        raise _MalformedJson
    return body


async def _read_upload(request: web.Request) -> Upload | None:
    """The multipart field `media`; None when it is missing."""
    if not request.content_type.startswith("multipart/"):
        return None
    reader = await request.multipart()
    async for part in reader:
        if isinstance(part, BodyPartReader) and part.name == "media":
            data = bytes(await part.read())
            kind = part.headers.get("Content-Type", "")
            return Upload(part.filename or "", kind, data)
    return None


def _refusal(error: WeComError) -> web.Response:
    return _json({"errcode": error.code, "errmsg": describe(error.code, error.detail)})


def _json(doc: Doc) -> web.Response:
    return web.Response(body=dump(doc).encode(), content_type="application/json", charset="utf-8")
