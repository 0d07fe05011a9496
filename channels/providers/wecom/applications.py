"""The applications of the bank at WeCom: one corporation and one app at least, more by setting.

The first application is WECOM_CORP_ID, WECOM_AGENT_ID and so on. WECOM_APPLICATIONS is a JSON list
of further ones, of the same corporation or of others:

    [{"corp_id": "ww…", "agent_id": 1000003, "name": "信用卡中心", "secret": "…",
      "callback_token": "…", "callback_aes_key": "…"}]

Optional, where this corporation's WeCom stands elsewhere (a private deployment, a sandbox): "api_url",
"oauth_url" and "login_url".
The first application listed for a corporation is its main one: calls about its people go there.
"""

import json
from dataclasses import dataclass, field
from functools import lru_cache

from django.conf import settings

from channels.providers.base import ErrorClass, ProviderError

_REQUIRED = ("corp_id", "agent_id", "name", "secret", "callback_token", "callback_aes_key")
_OPTIONAL = ("api_url", "oauth_url", "login_url")


class ApplicationsInvalid(ValueError):
    """WECOM_APPLICATIONS cannot be read; the text names the entry and repeats no secret."""


@dataclass(frozen=True, slots=True)
class Application:
    corp_id: str
    agent_id: int
    name: str
    secret: str = field(repr=False)
    callback_token: str = field(repr=False)
    callback_aes_key: str = field(repr=False)
    # Of the first corporation only: the archive of others is not read.
    archive_secret: str = field(default="", repr=False)
    api_url: str = ""
    oauth_url: str = ""
    login_url: str = ""


def applications() -> tuple[Application, ...]:
    """All of them, the main one of the bank first; raises ApplicationsInvalid."""
    return (_first(), *_further(settings.WECOM_APPLICATIONS))


def application(corp_id: str, agent_id: str) -> Application | None:
    for app in applications():
        if (app.corp_id, str(app.agent_id)) == (corp_id, agent_id):
            return app
    return None


def main_application(corp_id: str) -> Application:
    """Raises ProviderError for a corporation that is not configured."""
    for app in applications():
        if app.corp_id == corp_id:
            return app
    raise ProviderError(f"没有登记企业 {corp_id}。", ErrorClass.CONFIGURATION)


def corp_ids() -> tuple[str, ...]:
    """Every corporation once, the bank's first one first."""
    return tuple(dict.fromkeys(app.corp_id for app in applications()))


def _first() -> Application:
    return Application(
        corp_id=settings.WECOM_CORP_ID,
        agent_id=settings.WECOM_AGENT_ID,
        name=settings.WECOM_NAME,
        secret=settings.WECOM_AGENT_SECRET,
        callback_token=settings.WECOM_CALLBACK_TOKEN,
        callback_aes_key=settings.WECOM_CALLBACK_AES_KEY,
        archive_secret=settings.WECOM_ARCHIVE_SECRET,
    )


@lru_cache(maxsize=8)
def _further(text: str) -> tuple[Application, ...]:
    try:
        rows = json.loads(text or "[]")
    except ValueError:
        raise ApplicationsInvalid("WECOM_APPLICATIONS is not JSON.") from None
    if not isinstance(rows, list):
        raise ApplicationsInvalid("WECOM_APPLICATIONS is not a list.")
    return tuple(_entry(place, row) for place, row in enumerate(rows, start=1))


def _entry(place: int, row: object) -> Application:
    if not isinstance(row, dict) or set(row) - set(_OPTIONAL) != set(_REQUIRED):
        raise ApplicationsInvalid(
            f"Entry {place} of WECOM_APPLICATIONS must have exactly {', '.join(_REQUIRED)}."
        )
    if len(row["callback_aes_key"]) != 43 or not str(row["agent_id"]).isdigit():
        raise ApplicationsInvalid(
            f"Entry {place} of WECOM_APPLICATIONS: agent_id is a number, callback_aes_key 43 letters."
        )
    return Application(**{**row, "agent_id": int(row["agent_id"])})


def problems() -> list[str]:
    """What keeps the configured applications from working, one English sentence each."""
    try:
        keys = [(app.corp_id, app.agent_id) for app in applications()]
    except ApplicationsInvalid as error:
        return [str(error)]
    twice = sorted({f"{corp}/{agent}" for corp, agent in keys if keys.count((corp, agent)) > 1})
    return [f"WECOM_APPLICATIONS repeats {name}." for name in twice]
