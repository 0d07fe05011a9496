"""The callback door: what WeCom sends in, what it gets as an answer. Pages and the slim server for
callbacks both stand in front of this one rule."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from channels.inbox import intake
from channels.inbox.elements import NotAnEvent
from channels.providers.wecom import callback

logger = logging.getLogger(__name__)
MAX_BODY = 256 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a callback address; `read` gives the body and is asked only when wanted."""

    method: str
    corp_id: str
    agent_id: str
    query: Mapping[str, str]
    length: int
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""


def answer(call: Call) -> Answer:
    """200 only when the event is durable; 403 for anything not provably WeCom's."""
    who = callback.credentials(call.corp_id, call.agent_id)
    if who is None:
        return Answer(404)
    if call.method not in {"GET", "POST"}:
        return Answer(405)
    if call.length > MAX_BODY:
        return Answer(413)
    try:
        return _opened(call, who)
    except callback.CallbackRefused as error:
        logger.warning("callback refused: %s", error)
        return Answer(403)
    except NotAnEvent:
        logger.warning("callback holds no event")
        return Answer(400)


def _opened(call: Call, who: callback.Credentials) -> Answer:
    if call.method == "GET":
        return Answer(200, callback.open_echo(who, call.query))
    xml = callback.open_message(who, call.query, call.read())
    intake.store(corp_id=call.corp_id, agent_id=call.agent_id, xml=xml)
    return Answer(200, b"success")
