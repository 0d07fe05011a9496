"""What the request handlers find in the application besides the corp itself."""

from __future__ import annotations

import aiohttp
from aiohttp import web

from channels.sandbox.callbacks.sender import CallbackSender
from channels.sandbox.people.engine import PeopleEngine

HTTP: web.AppKey[aiohttp.ClientSession] = web.AppKey("http", aiohttp.ClientSession)
SENDER: web.AppKey[CallbackSender] = web.AppKey("sender", CallbackSender)
PEOPLE: web.AppKey[PeopleEngine] = web.AppKey("people", PeopleEngine)
