"""gettoken, address lists and JS tickets (contract sections 1 and 6.4)."""

from __future__ import annotations

import hashlib
import secrets

from channels.sandbox import ids, params
from channels.sandbox.access import token_key
from channels.sandbox.core import Sandbox
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, api
from channels.sandbox.types import Doc


@api("gettoken", "GET", app="")
def gettoken(call: Call) -> Doc:
    """The same token until it expires; a new one afterwards."""
    corp_id = params.need_text(call.query, "corpid", 41002)
    secret = params.need_text(call.query, "corpsecret", 41004)
    if corp_id != call.box.config.corp_id:
        raise WeComError(40013)
    app = _app_of(call.box, secret, call.remote)
    now = call.box.clock.now()
    current = call.box.table("current_tokens").get(app)
    if current and current["secret_hash"] == _hash(secret) and _alive(call.box, current, now):
        return {"access_token": current["token"], "expires_in": int(current["expires_at"] - now)}
    return _issue(call.box, app, secret, now)


def _app_of(box: Sandbox, secret: str, remote: str) -> str:
    config = box.config
    apps = {"agent": config.agent_secret, "archive": config.archive_secret}
    wrong = box.table("wrong_secrets")
    row = wrong.get(remote) or {"count": 0, "since": box.clock.now()}
    if box.clock.now() - row["since"] > 3600:
        row = {"count": 0, "since": box.clock.now()}
    if row["count"] >= box.settings["wrong_secret_limit"]:
        raise WeComError(45009, "too many wrong secrets from this ip")
    for app, right in apps.items():
        if right and secrets.compare_digest(right.encode(), secret.encode()):
            if app in box.settings["disabled_apps"]:
                raise WeComError(40001)
            return app
    wrong.put(remote, {**row, "count": row["count"] + 1})
    raise WeComError(40001)


def _alive(box: Sandbox, current: Doc, now: float) -> bool:
    row = box.table("tokens").get(token_key(current["token"]))
    return bool(row and not row["revoked"] and row["expires_at"] > now + 1)


def _issue(box: Sandbox, app: str, secret: str, now: float) -> Doc:
    token = ids.fresh("", 128)
    life = int(box.settings["token_seconds"])
    key = token_key(token)
    row: Doc = {"key": key, "app": app, "expires_at": now + life, "revoked": False}
    box.table("tokens").put(key, row)
    box.table("tokens").prune(200)
    current = {"token": token, "expires_at": now + life, "secret_hash": _hash(secret)}
    box.table("current_tokens").put(app, current)
    return {"access_token": token, "expires_in": life}


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


@api("get_api_domain_ip", "GET", app="any")
def get_api_domain_ip(call: Call) -> Doc:
    return {"ip_list": ["127.0.0.1"]}


@api("getcallbackip", "GET", app="any")
def getcallbackip(call: Call) -> Doc:
    """The vendor's sample of this answer has no errcode."""
    return {"ip_list": ["127.0.0.1", "101.226.103.*"], "no_errcode": True}


@api("get_jsapi_ticket", "GET")
def get_jsapi_ticket(call: Call) -> Doc:
    return _ticket(call, "corp")


@api("ticket/get", "GET")
def agent_ticket(call: Call) -> Doc:
    if call.query.get("type") != "agent_config":
        raise WeComError(40058, "type")
    return _ticket(call, "agent")


def _ticket(call: Call, kind: str) -> Doc:
    table, now = call.box.table("tickets"), call.box.clock.now()
    row = table.get(kind)
    if row is None or row["expires_at"] <= now:
        row = table.put(kind, {"ticket": ids.fresh("kgt8", 80), "expires_at": now + 7200})
    return {"ticket": row["ticket"], "expires_in": int(row["expires_at"] - now)}
