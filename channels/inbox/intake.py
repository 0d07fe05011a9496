"""From a genuine callback to one durable row, in one statement."""

import datetime
import hashlib
import json
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from channels.inbox.elements import parse
from channels.models.welcome import VALID, Welcome
from channels.providers.wecom.people import local_id
from scrm.core.bell import ring_once

# Written out, because the ORM needs two statements and a transaction for the same: whoever holds
# WeCom's connection open waits for nothing but this. RETURNING tells a new event from a repeated
# one. A welcome is owed from the same statement on, so neither can be there without the other.
_EVENT = """
INSERT INTO channels_inboxevent (corp_id, agent_id, digest, event, change_type, body, happened_at,
    received_at, state, attempts, next_attempt_at, last_error)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'new', 0, %s, '')
ON CONFLICT DO NOTHING RETURNING id
"""
_EVENT_AND_WELCOME = f"""
WITH event AS ({_EVENT})
INSERT INTO channels_welcome (event_id, corp_id, userid, external_userid, code, channel_state,
    happened_at, deadline, text, attachments, cleared_by, clearance_hash, clearance_rules, state,
    reason, attempts, next_attempt_at, created_at)
SELECT id, %s, %s, %s, %s, %s, %s, %s, '', '[]', '', '', '{{}}', 'new', '', 0, %s, %s
FROM event RETURNING event_id
"""  # noqa: S608 - constant text
_CODE = "WelcomeCode"
_KEPT_SEALED = "（已加密保存）"


def store(*, corp_id: str, agent_id: str, xml: bytes) -> bool:
    """Keeps the event once; False when it was already there. Durable before it returns.

    Raises NotAnEvent. The same event that two applications of a corporation get is one event.
    """
    body = parse(xml)
    code = str(body.get(_CODE) or "")
    if code:
        body[_CODE] = _KEPT_SEALED
    now = timezone.now()
    happened_at = _happened_at(body, now)
    values = [
        corp_id,
        agent_id,
        hashlib.sha256(xml).hexdigest(),
        str(body.get("Event") or body.get("MsgType") or "")[:60],
        str(body.get("ChangeType") or "")[:60],
        json.dumps(body, ensure_ascii=False),
        happened_at,
        now,
        now,
    ]
    if code:
        welcome = [*_welcome(corp_id, body, code, happened_at), now, now]
        stored = _insert(_EVENT_AND_WELCOME, values + welcome)
    else:
        stored = _insert(_EVENT, values)
    _ring(welcome=bool(code))
    return stored


def _welcome(
    corp_id: str, body: dict[str, Any], code: str, happened_at: datetime.datetime
) -> list[Any]:
    field = Welcome._meta.get_field("code")
    return [
        corp_id,
        local_id(corp_id, str(body.get("UserID") or ""))[:96],
        local_id(corp_id, str(body.get("ExternalUserID") or ""))[:96],
        field.get_prep_value(code),
        str(body.get("State") or "")[:64],
        happened_at,
        happened_at + VALID,
    ]


def _insert(statement: str, values: list[Any]) -> bool:
    """True for a new row. A connection that the server dropped is replaced once: repeating the
    statement is harmless even if the first try had its effect."""
    try:
        return _execute(statement, values)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
    return _execute(statement, values)


def _execute(statement: str, values: list[Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone() is not None


def _ring(*, welcome: bool) -> None:
    """Also for a repeated push: the first bell may have been lost with Redis."""
    from channels.tasks import inbox_drain, welcome_send

    if welcome:
        ring_once(welcome_send)
    ring_once(inbox_drain)


def _happened_at(body: dict[str, Any], now: datetime.datetime) -> datetime.datetime:
    try:
        seconds = int(str(body.get("CreateTime")))
        return datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return now
