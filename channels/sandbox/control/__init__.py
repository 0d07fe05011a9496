"""The control API under /sandbox/api/, for testers, tests and the sandbox's own pages."""

from __future__ import annotations

from aiohttp import web

from channels.sandbox.control import acts, phone, reads, switches
from channels.sandbox.control.answers import Handler, control

_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "health", switches.health),
    ("GET", "world", switches.get_world),
    ("POST", "world", switches.post_world),
    ("GET", "clock", switches.get_clock),
    ("POST", "clock", switches.post_clock),
    ("GET", "faults", switches.get_faults),
    ("POST", "faults", switches.post_faults),
    ("DELETE", "faults", switches.delete_faults),
    ("GET", "settings", switches.get_settings),
    ("POST", "settings", switches.post_settings),
    ("GET", "people", switches.get_people),
    ("POST", "people", switches.post_people),
    ("GET", "keys", switches.get_keys),
    ("POST", "keys", switches.post_keys),
    ("POST", "act", acts.act),
    ("GET", "tasks", reads.tasks),
    ("GET", "messages", reads.messages),
    ("GET", "received", reads.received),
    ("GET", "stats", reads.stats),
    ("GET", "callbacks", reads.callbacks),
    ("GET", "members", reads.members),
    ("GET", "customers", reads.customers),
    ("GET", "conversation", phone.conversation),
    ("GET", "phone/{userid}", phone.phone),
)


def add_routes(app: web.Application) -> None:
    for method, path, handler in _ROUTES:
        app.router.add_route(method, f"/sandbox/api/{path}", control(handler))
