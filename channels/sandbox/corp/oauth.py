"""OAuth codes: who may ask for one, and the way back with it (contract sections 6.1 and 6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

from channels.sandbox import ids
from channels.sandbox.core import Sandbox
from channels.sandbox.errors import describe

CODE_SECONDS = 300
_SCOPES = ("snsapi_base", "snsapi_privateinfo")


def refusal(box: Sandbox, query: Mapping[str, str]) -> str:
    """Why the authorize page would not go on; empty when it would."""
    if query.get("appid") != box.config.corp_id:
        return describe(40013)
    target = urlsplit(query.get("redirect_uri", ""))
    if target.scheme not in ("http", "https") or not target.hostname:
        return describe(50001)
    trusted = box.settings["trusted_domains"]
    if trusted and target.hostname not in trusted and target.netloc not in trusted:
        return describe(50001)
    scope = query.get("scope") or "snsapi_base"
    if scope not in _SCOPES or (scope == "snsapi_privateinfo" and not query.get("agentid")):
        return describe(40058, "scope")
    return ""


def mint_code(box: Sandbox, person: str, scope: str) -> str:
    """`person`: a userid, an external_userid, or anything else for an outsider."""
    code = ids.fresh("", 43)
    expires = box.clock.now() + CODE_SECONDS
    row = {"person": person, "scope": scope, "expires_at": expires, "used": False}
    box.table("oauth_codes").put(code, row)
    box.table("oauth_codes").prune(20_000)
    box.commit()
    return code


def way_back(box: Sandbox, person: str, query: Mapping[str, str]) -> str:
    """The redirect_uri with a fresh code and the state."""
    code = mint_code(box, person, query.get("scope") or "snsapi_base")
    target = urlsplit(query["redirect_uri"])
    extra = urlencode({"code": code, "state": query.get("state", "")})
    joined = f"{target.query}&{extra}" if target.query else extra
    return urlunsplit((target.scheme, target.netloc, target.path, joined, ""))
