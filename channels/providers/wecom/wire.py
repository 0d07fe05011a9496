"""Requests and answers of WeCom as bytes: what is sent, and what an answer means."""

import email.utils
import json
import logging
import re
from dataclasses import dataclass, field
from typing import Any

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from channels.providers.base import ErrorClass, ProviderError
from scrm.core.logs import MaskSecrets

# urllib3 logs every URL at DEBUG, and WeCom wants its token in the URL.
logging.getLogger("urllib3.connectionpool").addFilter(MaskSecrets())

_FILENAME = re.compile(r'filename="?([^";]+)')


@dataclass(frozen=True, slots=True)
class File:
    name: str
    content: bytes = field(repr=False)
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    params: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    media: File | None = None
    # The answer is a file, and JSON only when it is a refusal.
    file: bool = False

    @property
    def payload(self) -> bytes | None:
        # WeCom refuses \uXXXX escapes (40033), hence the explicit UTF-8 body.
        if self.method == "GET" or self.body is None:
            return None
        return json.dumps(self.body, ensure_ascii=False).encode()

    @property
    def files(self) -> dict[str, tuple[str, bytes, str]] | None:
        media = self.media
        return {"media": (media.name, media.content, media.content_type)} if media else None

    @property
    def headers(self) -> dict[str, str]:
        json_body = self.method != "GET" and self.body is not None
        return {"Content-Type": "application/json"} if json_body else {}


def network_error(error: requests.RequestException) -> ProviderError:
    """Refused or timed out while connecting: nothing happened. Anything later: nobody knows."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    before = isinstance(reason, NewConnectionError | ConnectTimeoutError)
    text = "连接不上企业微信，稍后自动重试。" if before else "企业微信没有答复，结果待核实。"
    return ProviderError(text, ErrorClass.TRANSIENT, uncertain=not before)


def decoded(response: requests.Response, *, file: bool = False) -> dict[str, Any]:
    """The JSON object of an answer, with an errcode in any case; raises ProviderError."""
    if file and "Content-Disposition" in response.headers and response.status_code in {200, 206}:
        return _downloaded(response)
    data = _json(response) if response.status_code == 200 else None
    if not isinstance(data, dict):
        text = f"企业微信返回了无法识别的答复（HTTP {response.status_code}）。"
        raise ProviderError(text, ErrorClass.TRANSIENT, uncertain=True)
    data.setdefault("errcode", 0)
    return data


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _downloaded(response: requests.Response) -> dict[str, Any]:
    found = _FILENAME.search(response.headers["Content-Disposition"])
    return {
        "errcode": 0,
        "content": response.content,
        "content_type": response.headers.get("Content-Type", ""),
        "filename": found[1] if found else "",
    }


def date_of(response: requests.Response) -> float:
    """Unix seconds of the answer's Date header; raises ProviderError when there is none."""
    parsed = email.utils.parsedate_tz(response.headers.get("Date", ""))
    if parsed is None:
        raise ProviderError("企业微信的答复没有时间。", ErrorClass.TRANSIENT)
    return email.utils.mktime_tz(parsed)
