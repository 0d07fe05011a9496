"""OAuth, media, messages to employees, and clicking as a customer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests

from channels.sandbox.state.media import tiny_png

from .harness import AGENT, CORP, Client


def authorize(client: Client, person: str, scope: str = "snsapi_base", **extra: str) -> Any:
    query = {
        "appid": CORP,
        "redirect_uri": "http://bank.example/in?next=1",
        "response_type": "code",
        "scope": scope,
        "state": "abc123",
        "sandbox_as": person,
        **extra,
    }
    return requests.get(
        f"{client.base}/connect/oauth2/authorize", params=query, allow_redirects=False, timeout=5
    )


def code_for(client: Client, person: str, scope: str = "snsapi_base", **extra: str) -> str:
    location = authorize(client, person, scope, **extra).headers["Location"]
    query = parse_qs(urlsplit(location).query)
    assert query["state"] == ["abc123"] and query["next"] == ["1"]
    return query["code"][0]


def test_member_code_works_once_and_five_minutes(corp: Client) -> None:
    code = code_for(corp, "alice")
    assert corp.get("auth/getuserinfo", code=code)["userid"] == "Alice"
    assert corp.get("auth/getuserinfo", code=code)["errcode"] == 40029
    late = code_for(corp, "alice")
    corp.advance(301)
    assert corp.get("auth/getuserinfo", code=late)["errcode"] == 42003


def test_customers_and_strangers(corp: Client) -> None:
    known = corp.get("auth/getuserinfo", code=code_for(corp, "wm00001"))
    assert known["external_userid"] == "wm00001" and known["openid"].startswith("o")
    stranger = corp.get("auth/getuserinfo", code=code_for(corp, "outsider"))
    assert "external_userid" not in stranger and stranger["openid"] != known["openid"]
    legacy = corp.get("user/getuserinfo", code=code_for(corp, "bob"))
    assert legacy["UserId"] == "bob"


def test_private_info_needs_the_agent(corp: Client) -> None:
    assert authorize(corp, "bob", "snsapi_privateinfo").status_code == 400
    code = code_for(corp, "bob", "snsapi_privateinfo", agentid=str(AGENT))
    ticket = corp.get("auth/getuserinfo", code=code)["user_ticket"]
    detail = corp.post("auth/getuserdetail", {"user_ticket": ticket})
    assert detail["userid"] == "bob"
    assert corp.post("auth/getuserdetail", {"user_ticket": "x"})["errcode"] == 84015


def test_untrusted_redirects_and_pages(corp: Client) -> None:
    corp.control("settings", {"trusted_domains": ["other.example"]})
    assert authorize(corp, "bob").status_code == 400
    corp.control("settings", {"trusted_domains": []})
    query = f"appid={CORP}&redirect_uri={quote('http://bank.example/in')}&state=s"
    page = requests.get(f"{corp.base}/wwlogin/sso/login?{query}", timeout=5)
    assert "王爱丽" in page.text and "客户0" not in page.text and "模拟器" in page.text
    evil = requests.get(
        f"{corp.base}/connect/oauth2/authorize?appid={CORP}&redirect_uri=javascript:1", timeout=5
    )
    assert evil.status_code == 400


def upload(client: Client, path: str, name: str, data: bytes) -> dict[str, Any]:
    answer: dict[str, Any] = requests.post(
        f"{client.base}/cgi-bin/{path}&access_token={client.token()}",
        files={"media": (name, data)},
        timeout=10,
    ).json()
    return answer


def test_media(corp: Client) -> None:
    made = upload(corp, "media/upload?type=image", "a.png", tiny_png())
    assert made["type"] == "image" and isinstance(made["created_at"], str)
    got = corp.raw("media/get", access_token=corp.token(), media_id=made["media_id"])
    assert got.content == tiny_png()
    assert upload(corp, "media/upload?type=image", "a.png", b"no picture")["errcode"] == 40123
    assert upload(corp, "media/upload?type=cake", "a.png", b"123456")["errcode"] == 40004
    assert upload(corp, "media/upload?type=file", "a", b"")["errcode"] == 44001
    url = upload(corp, "media/uploadimg?x=1", "a.png", tiny_png())["url"]
    assert requests.get(url, timeout=5).content == tiny_png()
    moment = upload(
        corp, "media/upload_attachment?media_type=image&attachment_type=1", "a.png", tiny_png()
    )
    assert isinstance(moment["created_at"], int)
    send = {"sender": "alice", "attachments": [{"msgtype": "image", "image": {}}]}
    send["attachments"][0]["image"] = {"media_id": moment["media_id"]}  # type: ignore[index]
    assert corp.post("externalcontact/add_msg_template", send)["errcode"] == 40007
    send["attachments"][0]["image"] = {"media_id": made["media_id"]}  # type: ignore[index]
    assert corp.post("externalcontact/add_msg_template", send)["errcode"] == 0
    corp.advance(3 * 86_400 + 1)
    late = corp.raw("media/get", access_token=corp.token(), media_id=made["media_id"]).json()
    assert late["errcode"] == 40007


def message(**fields: Any) -> dict[str, Any]:
    base = {"agentid": AGENT, "msgtype": "text", "text": {"content": "待办提醒"}}
    return {**base, **fields}


def test_messages_to_employees(corp: Client) -> None:
    sent = corp.post("message/send", message(touser="ALICE|Nobody"))
    assert (sent["errcode"], sent["invaliduser"]) == (0, "nobody")
    assert corp.control("phone/alice")["notices"][0]["body"]["content"] == "待办提醒"
    cases: list[tuple[dict[str, Any], int]] = [
        (message(touser="nobody"), 81013),
        (message(), 82001),
        (message(touser="bob", agentid=99), 301002),
        (message(touser="bob", msgtype="dance"), 40008),
        (message(touser="bob", text={"content": ""}), 44004),
        (message(touser="bob", text={"content": "长" * 700}), 45002),
    ]
    for body, code in cases:
        assert corp.post("message/send", body)["errcode"] == code, body
    assert corp.post("message/recall", {"msgid": sent["msgid"]})["errcode"] == 0
    corp.advance(86_500)
    assert corp.post("message/recall", {"msgid": sent["msgid"]})["errcode"] == 40058


@pytest.fixture
def bank() -> Iterator[str]:
    """A page of the bank that wants to know who the visitor is."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, location = self.route()
            self.send_response(status)
            if location:
                self.send_header("Location", location)
                self.send_header("Set-Cookie", "visit=1; Path=/")
            self.end_headers()

        def route(self) -> tuple[int, str]:
            parts = urlsplit(self.path)
            if parts.path == "/r/1":
                back = quote(f"http://{self.headers['Host']}/back")
                base = parse_qs(parts.query)["sandbox"][0]
                return 302, (
                    f"{base}/connect/oauth2/authorize?appid={CORP}&redirect_uri={back}"
                    "&response_type=code&scope=snsapi_base&state=st8#wechat_redirect"
                )
            if parts.path == "/back":
                good = "state=st8" in parts.query and "visit=1" in self.headers.get("Cookie", "")
                return (302, "/activity") if good and "code=" in parts.query else (403, "")
            return 200, ""

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_click_goes_through_oauth(corp: Client, bank: str) -> None:
    url = f"{bank}/r/1?sandbox={quote(corp.base)}"
    got = corp.act("click", external_userid="wm00001", url=url)
    assert [step["status"] for step in got["steps"]] == [302, 302, 200] and got["ok"]
    dead = corp.act("click", external_userid="wm00001", url="http://127.0.0.1:1/")
    assert dead["ok"] is False and isinstance(dead["steps"][0]["status"], str)
