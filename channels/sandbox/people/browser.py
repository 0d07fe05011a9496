"""A customer's browser: opens a link, passes the OAuth page, and reports each step."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urljoin, urlsplit, urlunsplit

import aiohttp

from channels.sandbox.core import Sandbox
from channels.sandbox.corp import oauth
from channels.sandbox.types import Doc, Docs

AUTHORIZE_PATH: Final = "/connect/oauth2/authorize"
_AGENT: Final = "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0 wxwork-sandbox"
_MOST_STEPS = 6


async def click(box: Sandbox, person: str, url: str) -> Doc:
    """Each step is {url without query, status}. A fresh cookie jar: one click, one browser."""
    timeout = aiohttp.ClientTimeout(total=15)
    jar = aiohttp.CookieJar(unsafe=True)
    steps: Docs = []
    async with aiohttp.ClientSession(
        cookie_jar=jar, timeout=timeout, headers={"User-Agent": _AGENT}
    ) as http:
        await _follow(box, http, person, url, steps)
    ok = bool(steps) and steps[-1]["status"] == 200
    return {"external_userid": person, "ok": ok, "steps": steps}


async def _follow(
    box: Sandbox, http: aiohttp.ClientSession, person: str, url: str, steps: Docs
) -> None:
    for _ in range(_MOST_STEPS):
        try:
            async with http.get(url, allow_redirects=False) as answer:
                await answer.read()
                status, location = answer.status, answer.headers.get("Location", "")
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            steps.append({"url": _shown(url), "status": type(error).__name__})
            return
        steps.append({"url": _shown(url), "status": status})
        if status not in (301, 302, 303, 307, 308) or not location:
            return
        url = _next(box, person, urljoin(url, location), steps)
        if not url:
            return


def _next(box: Sandbox, person: str, location: str, steps: Docs) -> str:
    """The redirect's target; for the authorize page, where it would send this person.

    Empty when the authorize page would refuse.
    """
    parts = urlsplit(location)
    if not parts.path.endswith(AUTHORIZE_PATH):
        return location
    asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
    refused = oauth.refusal(box, asked)
    if refused:
        steps.append({"url": _shown(location), "status": 400, "error": refused})
        return ""
    return oauth.way_back(box, person, asked)


def _shown(url: str) -> str:
    """Without the query: it may hold a code."""
    return urlunsplit((*urlsplit(url)[:3], "", ""))
