"""Who may call an endpoint: token, application, address."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Endpoint
from channels.sandbox.types import Doc

if TYPE_CHECKING:
    from channels.sandbox.core import Sandbox

_CUSTOMER_PREFIXES = ("externalcontact/", "idconvert/")


def token_key(token: str) -> str:
    """Tokens are kept hashed: the state folder must be of no use to a reader."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def authenticate(
    box: Sandbox, endpoint: Endpoint, path: str, query: Mapping[str, str], remote: str
) -> Doc:
    """The token's row. Raises the contract's refusal."""
    if not endpoint.app:
        return {}
    token = query.get("access_token", "")
    if not token:
        raise WeComError(41001)
    row = box.table("tokens").get(token_key(token))
    if row is None or row["revoked"]:
        raise WeComError(40014)
    if box.clock.now() >= row["expires_at"]:
        raise WeComError(42001)
    _check_app(box, endpoint, path, row["app"])
    trusted = box.settings["trusted_ips"]
    if trusted and remote not in trusted:
        raise WeComError(60020, f"from ip: {remote}")
    return row


def _check_app(box: Sandbox, endpoint: Endpoint, path: str, app: str) -> None:
    if app in box.settings["disabled_apps"]:
        raise WeComError(50003)
    if endpoint.app not in ("any", app):
        raise WeComError(48002)
    if path.startswith(_CUSTOMER_PREFIXES) and not box.settings["callable_app"]:
        raise WeComError(48002)


def spoil(box: Sandbox, query: Mapping[str, str], kind: str) -> None:
    """A token fault really ends the token, so that a refresh brings a new one."""
    row = box.table("tokens").get(token_key(query.get("access_token", "")))
    if row is None:
        return
    if kind == "token_expired":
        row["expires_at"] = 0
    else:
        row["revoked"] = True
    box.table("tokens").save(row["key"])
