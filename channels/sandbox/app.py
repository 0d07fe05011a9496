"""The aiohttp application: routes and background jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from channels.sandbox import api, control
from channels.sandbox import web as pages
from channels.sandbox.background import Background
from channels.sandbox.callbacks.sender import CallbackSender
from channels.sandbox.control.keys import HTTP, PEOPLE, SENDER
from channels.sandbox.core import Sandbox
from channels.sandbox.dispatch import BOX, cgi
from channels.sandbox.people.engine import PeopleEngine

_MAX_BODY = 256 * 1024 * 1024


def build_app(box: Sandbox) -> web.Application:
    api.load_all()
    app = web.Application(client_max_size=_MAX_BODY)
    app[BOX] = box
    app.router.add_route("*", "/cgi-bin/{path:.+}", cgi)
    control.add_routes(app)
    pages.add_routes(app)
    app.cleanup_ctx.append(_background)
    return app


async def _background(app: web.Application) -> AsyncIterator[None]:
    box = app[BOX]
    # A browser's cookies must not travel between simulated customers: every click makes its own
    # session, this one is only for callbacks.
    http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
    sender = CallbackSender(box, http)
    people = PeopleEngine(box)
    background = Background(box, people)
    app[HTTP], app[SENDER], app[PEOPLE] = http, sender, people
    sender.start()
    background.start()
    yield
    await background.stop()
    await sender.stop()
    await http.close()
    box.close()
