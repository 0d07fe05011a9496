"""The table of API endpoints, filled by decorators in `channels.sandbox.api`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from channels.sandbox.types import Doc

if TYPE_CHECKING:
    from channels.sandbox.core import Sandbox


@dataclass(slots=True)
class Upload:
    filename: str
    content_type: str
    data: bytes


@dataclass(slots=True)
class Call:
    """One API request after the token has been checked."""

    box: Sandbox
    path: str
    query: Mapping[str, str]
    body: Doc
    app: str = ""  # "agent" or "archive": whose token it is
    token: str = ""
    remote: str = ""
    upload: Upload | None = None


# A handler answers a JSON object, or a finished response for file downloads.
Handler = Callable[[Call], Doc | web.Response]


@dataclass(frozen=True, slots=True)
class Endpoint:
    handler: Handler
    methods: frozenset[str]
    app: str  # whose token may call it; "" = no token, "any" = every token
    multipart: bool = False


@dataclass(slots=True)
class Registry:
    endpoints: dict[str, Endpoint] = field(default_factory=dict)

    def add(
        self, path: str, *methods: str, app: str = "agent", multipart: bool = False
    ) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            allowed = frozenset(methods or ("POST",))
            self.endpoints[path] = Endpoint(handler, allowed, app, multipart)
            return handler

        return register


registry = Registry()
api = registry.add
