"""HTTP to WeCom on wechatpy's client, with its transport replaced.

wechatpy retries a refused token without limit, has calls without time-outs and lets exception
texts carry secrets; here a token is refreshed exactly once, every call has a time-out, and only
ProviderError leaves. It is raised outside of `except`, so that it does not drag along the
exception of the HTTP library, which knows the URL with the token.
"""

import time
from typing import Any

import requests
from wechatpy.work import WeChatClient

from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom import wire
from channels.providers.wecom.errcodes import TOKEN_CODES, error_of
from channels.providers.wecom.limits import Limits
from channels.providers.wecom.token import TokenStore

CALL_TIMEOUT = (3.05, 10.0)
# Pauses before a read is repeated; writes are never repeated here, their callers know how.
_READ_PAUSES = (0.1, 0.4)


class WeComClient(WeChatClient):
    def __init__(
        self,
        origin: str,
        corp_id: str,
        app: str,
        secret: str,
        timeout: tuple[float, float] = CALL_TIMEOUT,
    ) -> None:
        self.API_BASE_URL = origin.rstrip("/") + "/cgi-bin/"
        super().__init__(corp_id, secret, timeout=timeout, auto_retry=False)
        self._http.headers["User-Agent"] = "private-domain-scrm"
        self.app = app
        # A file of 20 MB may take its minute.
        self.upload_timeout = (timeout[0], timeout[1] * 6)
        self.limits = Limits(corp_id)
        self.tokens = self.store("token", self._fetch_token)

    def store(self, kind: str, fetch: Any) -> TokenStore:
        """A shared store for what this app fetches once in a while: its token, its JS tickets."""
        return TokenStore(self.corp_id, self.app, self.secret, fetch, kind)

    def read(self, path: str, **body: Any) -> dict[str, Any]:
        """POST that changes nothing: repeated at most twice on passing trouble."""
        return self._repeated(wire.Request("POST", path, body=body))

    def look(self, path: str, **params: Any) -> dict[str, Any]:
        """GET that changes nothing: repeated at most twice on passing trouble."""
        return self._repeated(wire.Request("GET", path, params=params))

    def write(self, path: str, **body: Any) -> dict[str, Any]:
        """POST with an effect: one attempt, `uncertain` when nobody knows whether it happened."""
        return self._checked(wire.Request("POST", path, body=body))

    def upload(self, path: str, media: wire.File, **params: Any) -> dict[str, Any]:
        return self._checked(wire.Request("POST", path, params=params, media=media))

    def download(self, path: str, **params: Any) -> dict[str, Any]:
        """{content: bytes, content_type, filename} of a file."""
        return self._repeated(wire.Request("GET", path, params=params, file=True))

    def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> dict[str, Any]:
        """What wechatpy's own get() and post() end in: one attempt."""
        request = wire.Request(
            method.upper(), url_or_endpoint, kwargs.get("params") or {}, kwargs.get("data")
        )
        return self._checked(request)

    def _repeated(self, request: wire.Request) -> dict[str, Any]:
        for pause in _READ_PAUSES:
            try:
                return self._checked(request)
            except ProviderError as error:
                if error.kind is not ErrorClass.TRANSIENT:
                    raise
            time.sleep(pause)
        return self._checked(request)

    def _checked(self, request: wire.Request) -> dict[str, Any]:
        """One call, and a second one with a fresh token if the first token was refused."""
        began = time.time()
        data, token = self._signed(request)
        if data["errcode"] in TOKEN_CODES:
            data, _ = self._signed(request, refused=token, since=began)
        if data["errcode"]:
            raise error_of(data["errcode"], data.get("errmsg", ""))
        return data

    def _signed(
        self, request: wire.Request, refused: str = "", since: float = 0.0
    ) -> tuple[dict[str, Any], str]:
        with self.limits.passing(request.path) as passage:
            token = self.tokens.refused(refused, since) if refused else self.tokens.get()
            data = self._exchange(request, access_token=token)
            passage.answered(data["errcode"])
        return data, token

    @property
    def access_token(self) -> str:
        return self.tokens.get()

    def ask_token(self) -> tuple[str, int]:
        """(token, lifetime) straight from WeCom."""
        request = wire.Request("GET", "gettoken", {"corpid": self.corp_id})
        with self.limits.passing(request.path) as passage:
            data = self._exchange(request, corpsecret=self.secret)
            passage.answered(data["errcode"])
        if data["errcode"]:
            raise error_of(data["errcode"], data.get("errmsg", ""))
        return data["access_token"], int(data.get("expires_in", 7200))

    def _fetch_token(self) -> tuple[str, int]:
        try:
            return self.ask_token()
        except ProviderError as error:
            # Without a token the call itself was never made.
            error.uncertain = False
            raise

    def ask_time(self) -> tuple[float, float]:
        """(WeCom's clock, ours) in Unix seconds, by the Date of an answer that needs no token."""
        began = time.time()
        response = self._sent(wire.Request("GET", "get_api_domain_ip"), {})
        return wire.date_of(response), (began + time.time()) / 2

    def _exchange(self, request: wire.Request, **credentials: str) -> dict[str, Any]:
        return wire.decoded(self._sent(request, credentials), file=request.file)

    def _sent(self, request: wire.Request, credentials: dict[str, str]) -> requests.Response:
        failure: ProviderError
        try:
            return self._http.request(
                request.method,
                self.API_BASE_URL + request.path,
                params={**request.params, **credentials},
                data=request.payload,
                files=request.files,
                headers=request.headers,
                timeout=self.upload_timeout if request.media else self.timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            failure = wire.network_error(error)
        raise failure
