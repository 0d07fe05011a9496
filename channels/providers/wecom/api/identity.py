"""Who opens a page: OAuth in the client and on the web, and signatures for the JS-SDK."""

import hashlib
import secrets
import time
from typing import TypedDict
from urllib.parse import urlencode

from django.conf import settings

from channels.providers.wecom.api.family import Family, Row
from channels.providers.wecom.applications import Application
from channels.providers.wecom.client import WeComClient


class JsSignature(TypedDict):
    timestamp: int
    nonceStr: str
    signature: str


def client_login_url(
    app: Application, redirect_uri: str, state: str, *, private: bool = False
) -> str:
    """Sends a visitor inside the client back with a code; `private` also asks for his details.

    Only the application whose address this is can open the code.
    """
    query = {
        "appid": app.corp_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": "snsapi_privateinfo" if private else "snsapi_base",
        "state": state,
        "agentid": app.agent_id,
    }
    base = f"{app.oauth_url or settings.WECOM_OAUTH_URL}/connect/oauth2/authorize"
    return f"{base}?{urlencode(query)}#wechat_redirect"


def web_login_url(app: Application, redirect_uri: str, state: str) -> str:
    """Login with a QR code in a desktop browser."""
    query = {
        "login_type": "CorpApp",
        "appid": app.corp_id,
        "agentid": app.agent_id,
        "redirect_uri": redirect_uri,
        "state": state,
    }
    return f"{app.login_url or settings.WECOM_LOGIN_URL}/wwlogin/sso/login?{urlencode(query)}"


def signed(ticket: str, url: str, nonce: str, timestamp: int) -> str:
    """Hex SHA-1 over WeCom's four values in WeCom's order; `url` without its fragment."""
    page = url.partition("#")[0]
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={page}"
    return hashlib.sha1(text.encode()).hexdigest()  # noqa: S324 - WeCom chose it


class Identity(Family):
    def __init__(self, client: WeComClient) -> None:
        super().__init__(client)
        self._corp_tickets = client.store("ticket.corp", self._fetch_corp_ticket)
        self._app_tickets = client.store("ticket.app", self._fetch_app_ticket)

    def visitor(self, code: str) -> Row:
        """{userid, user_ticket?} of an employee, {openid, external_userid?} of anybody else.

        One attempt: the code is used up by the first call, whatever becomes of its answer.
        """
        return dict(self.client.get("auth/getuserinfo", params={"code": code}))

    def details(self, user_ticket: str) -> Row:
        """What the employee agreed to show: mobile, email, gender, avatar, …"""
        return self.client.read("auth/getuserdetail", user_ticket=user_ticket)

    def config_signature(self, url: str) -> JsSignature:
        """For wx.config on the page at `url`."""
        return _signature(self._corp_tickets.get(), url)

    def agent_signature(self, url: str) -> JsSignature:
        """For wx.agentConfig on the page at `url`."""
        return _signature(self._app_tickets.get(), url)

    def _fetch_corp_ticket(self) -> tuple[str, int]:
        data = self.client.look("get_jsapi_ticket")
        return data["ticket"], int(data["expires_in"])

    def _fetch_app_ticket(self) -> tuple[str, int]:
        data = self.client.look("ticket/get", type="agent_config")
        return data["ticket"], int(data["expires_in"])


def _signature(ticket: str, url: str) -> JsSignature:
    nonce, now = secrets.token_hex(8), int(time.time())
    return {"timestamp": now, "nonceStr": nonce, "signature": signed(ticket, url, nonce, now)}
