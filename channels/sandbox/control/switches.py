"""Switches of the simulated world: world, clock, faults, settings, people, archive keys."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from channels.sandbox.control.answers import read_json, read_object
from channels.sandbox.control.keys import PEOPLE
from channels.sandbox.corp import world
from channels.sandbox.dispatch import BOX
from channels.sandbox.errors import ControlError
from channels.sandbox.types import Doc


async def health(request: web.Request) -> Doc:
    return {"ok": True}


async def get_world(request: web.Request) -> Doc:
    return world.counts(request.app[BOX])


async def post_world(request: web.Request) -> Doc:
    return world.load(request.app[BOX], await read_object(request))


async def get_clock(request: web.Request) -> Doc:
    clock = request.app[BOX].clock
    return {"now": clock.now(), "offset": clock.offset}


async def post_clock(request: web.Request) -> Doc:
    """{advance: seconds} | {offset: seconds} | {reset: true}"""
    clock, body = request.app[BOX].clock, await read_object(request)
    if body.get("reset"):
        clock.move_to(0)
    elif isinstance(body.get("advance"), int | float):
        clock.move_to(clock.offset + body["advance"])
    elif isinstance(body.get("offset"), int | float):
        clock.move_to(body["offset"])
    else:
        raise ControlError("请给出 advance、offset 或 reset。")
    return await get_clock(request)


async def get_faults(request: web.Request) -> Doc:
    return {"faults": request.app[BOX].faults.rules()}


async def post_faults(request: web.Request) -> Doc:
    body: Any = await read_json(request)
    request.app[BOX].faults.add(body if isinstance(body, list) else [body])
    return await get_faults(request)


async def delete_faults(request: web.Request) -> Doc:
    """All of them, or one with ?id="""
    request.app[BOX].faults.remove(request.query.get("id"))
    return await get_faults(request)


async def get_settings(request: web.Request) -> Doc:
    return request.app[BOX].settings.all()


async def post_settings(request: web.Request) -> Doc:
    """Changes some values; {"reset": true} brings the defaults back first."""
    box, body = request.app[BOX], await read_object(request)
    if body.pop("reset", False):
        box.settings.reset()
    box.settings.update(body)
    box.limits.forgive()
    return box.settings.all()


async def get_people(request: web.Request) -> Doc:
    return request.app[PEOPLE].settings()


async def post_people(request: web.Request) -> Doc:
    people = request.app[PEOPLE]
    people.configure(await read_object(request))
    return people.settings()


async def get_keys(request: web.Request) -> Doc:
    keys = request.app[BOX].keys
    return {"versions": keys.versions, "current": keys.current()}


async def post_keys(request: web.Request) -> Doc:
    """{version: int, pem: str}: the administrator uploads a new public key."""
    body = await read_object(request)
    version = body.get("version")
    if not isinstance(version, int) or version < 1:
        raise ControlError("version 必须是正整数。")
    request.app[BOX].keys.add(version, str(body.get("pem", "")))
    return await get_keys(request)
