"""HTTP to WeCom on wechatpy's client, with its transport replaced.

wechatpy retries a refused token without limit, has calls without time-outs and lets exception
texts carry secrets; here a token is refreshed exactly once, every call has a time-out, and only
ProviderError leaves, whose text holds no URL.
"""

import json
from typing import Any

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from wechatpy.work import WeChatClient

from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom.errcodes import TOKEN_CODES, error_of
from channels.providers.wecom.token import TokenStore

_TIMEOUT = (3.05, 10)


class WeComClient(WeChatClient):
    def __init__(self, origin: str, corp_id: str, app: str, secret: str) -> None:
        self.API_BASE_URL = origin.rstrip("/") + "/cgi-bin/"
        super().__init__(corp_id, secret, timeout=_TIMEOUT, auto_retry=False)
        self._http.headers["User-Agent"] = "private-domain-scrm"
        self.tokens = TokenStore(corp_id, app, secret, self._fetch_token)

    def _fetch_token(self) -> tuple[str, int]:
        params = {"corpid": self.corp_id, "corpsecret": self.secret}
        data = self._exchange("GET", "gettoken", params=params)
        if data["errcode"]:
            raise error_of(data["errcode"])
        return data["access_token"], int(data.get("expires_in", 7200))

    @property
    def access_token(self) -> str:
        return self.tokens.get()

    def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> dict[str, Any]:
        token = self.tokens.get()
        data = self._call(method, url_or_endpoint, token, kwargs)
        if data["errcode"] in TOKEN_CODES:
            data = self._call(method, url_or_endpoint, self.tokens.refused(token), kwargs)
        if data["errcode"]:
            raise error_of(data["errcode"])
        return data

    def _call(self, method: str, path: str, token: str, kwargs: dict[str, Any]) -> dict[str, Any]:
        params = {**(kwargs.get("params") or {}), "access_token": token}
        return self._exchange(method, path, params=params, body=kwargs.get("data"))

    def _exchange(
        self, method: str, path: str, *, params: dict[str, Any], body: Any = None
    ) -> dict[str, Any]:
        # WeCom refuses \uXXXX escapes (40033), hence the explicit UTF-8 body.
        payload = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"} if payload else {}
        try:
            response = self._http.request(
                method.upper(),
                self.API_BASE_URL + path,
                params=params,
                data=payload,
                headers=headers,
                timeout=_TIMEOUT,
            )
        except requests.RequestException as error:
            raise _network_error(error) from None
        return _decoded(response)


def _network_error(error: requests.RequestException) -> ProviderError:
    """Refused or timed out while connecting: nothing happened. Anything later: nobody knows."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    before = isinstance(reason, NewConnectionError | ConnectTimeoutError)
    text = "连接不上企业微信，稍后自动重试。" if before else "企业微信没有答复，结果待核实。"
    return ProviderError(text, ErrorClass.TRANSIENT, uncertain=not before)


def _decoded(response: requests.Response) -> dict[str, Any]:
    unclear = ProviderError(
        f"企业微信返回了无法识别的答复（HTTP {response.status_code}）。",
        ErrorClass.TRANSIENT,
        uncertain=True,
    )
    if response.status_code != 200:
        raise unclear
    try:
        data = response.json()
    except ValueError:
        raise unclear from None
    if not isinstance(data, dict):
        raise unclear
    data.setdefault("errcode", 0)
    return data
