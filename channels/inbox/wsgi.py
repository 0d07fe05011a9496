"""The callback door as a WSGI application of its own: no session, no middleware, no template.

Served beside the pages (see scrm.callbacks), so that a callback never waits behind a page and pays
only for what it needs. The rule itself is channels.inbox.door, the same as behind Django's view.
"""

import logging
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from django.db import InterfaceError, OperationalError

from channels.inbox.door import Answer, Call, answer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)
_PATH = re.compile(r"/callbacks/wecom/([^/]+)/([^/]+)/")
_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    reply = _reply(environ)
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(reply.body)))]
    start_response(_LINES[reply.status], headers)
    return [reply.body]


def _reply(environ: dict[str, Any]) -> Answer:
    path = environ.get("PATH_INFO", "")
    found = _PATH.fullmatch(path)
    if found is None:
        return Answer(200, b"ok") if path == "/healthz" else Answer(404)
    try:
        return answer(_call(environ, found[1], found[2]))
    except (OperationalError, InterfaceError) as error:
        # The database is away, perhaps restarting: one line each, as every callback says the same.
        logger.error("callback not stored: %s", type(error).__name__)
    except Exception:
        logger.exception("callback failed")
    # Not durable: WeCom pushes again.
    return Answer(503)


def _call(environ: dict[str, Any], corp_id: str, agent_id: str) -> Call:
    length = environ.get("CONTENT_LENGTH") or "0"
    size = int(length) if length.isdigit() else 0
    return Call(
        environ.get("REQUEST_METHOD", ""),
        corp_id,
        agent_id,
        dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
        size,
        lambda: environ["wsgi.input"].read(size),
    )
