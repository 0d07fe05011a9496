"""The callback server of its own: same answers as the pages' server, and honest when it cannot store."""

import io
import secrets
import time
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import OperationalError
from wechatpy.work.crypto import WeChatCrypto

from channels.inbox import door, intake
from channels.inbox.wsgi import application
from channels.models import InboxEvent, Welcome

XML = (
    "<xml><CreateTime>{at}</CreateTime><Event>change_external_contact</Event>"
    "<ChangeType>add_external_contact</ChangeType><UserID>alice</UserID>"
    "<ExternalUserID>wm1</ExternalUserID><WelcomeCode>CODE</WelcomeCode></xml>"
)


def _path() -> str:
    return f"/callbacks/wecom/{settings.WECOM_CORP_ID}/{settings.WECOM_AGENT_ID}/"


def _ask(method: str = "POST", path: str = "", query: str = "", body: bytes = b"", **more: str):
    said: list = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path or _path(),
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **more,
    }
    content = b"".join(application(environ, lambda status, headers: said.append((status, headers))))  # type: ignore[arg-type,return-value]
    status, headers = said[0]
    assert dict(headers)["Content-Length"] == str(len(content))
    return int(status[:3]), content


def _push():
    crypto = WeChatCrypto(
        settings.WECOM_CALLBACK_TOKEN, settings.WECOM_CALLBACK_AES_KEY, settings.WECOM_CORP_ID
    )
    stamp, nonce = str(int(time.time())), secrets.token_hex(5)
    body = crypto.encrypt_message(XML.format(at=1_790_000_000), nonce, stamp)
    signature = body.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
    query = urlencode({"msg_signature": signature, "timestamp": stamp, "nonce": nonce})
    return _ask(query=query, body=body.encode())


def test_an_event_and_its_greeting_are_durable_with_the_answer(transactional_db: None) -> None:
    for _ in range(3):
        assert _push() == (200, b"success")
    assert (InboxEvent.objects.count(), Welcome.objects.count()) == (1, 1)


def test_other_addresses_methods_and_sizes(db: None) -> None:
    assert _ask("GET", "/healthz") == (200, b"ok")
    assert _ask("GET", "/")[0] == 404
    assert _ask(path="/callbacks/wecom/wwother/1/")[0] == 404
    assert _ask("DELETE")[0] == 405
    assert _ask(CONTENT_LENGTH=str(door.MAX_BODY + 1))[0] == 413
    assert _ask(CONTENT_LENGTH="rubbish")[0] == 403
    assert _ask("GET", query="echostr=x")[0] == 403


def test_a_dropped_connection_is_replaced_once(transactional_db: None, monkeypatch) -> None:
    whole, tries = intake._execute, []

    def flaky(statement: str, values: list) -> bool:
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("server closed the connection unexpectedly")
        return whole(statement, values)

    monkeypatch.setattr(intake, "_execute", flaky)
    assert _push() == (200, b"success")
    assert (len(tries), InboxEvent.objects.count()) == (2, 1)


def test_a_database_that_is_away_is_no_success(transactional_db: None, monkeypatch, caplog) -> None:
    def away(statement: str, values: list) -> bool:
        raise OperationalError("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(intake, "_execute", away)
        assert _push()[0] == 503
    assert [row.getMessage() for row in caplog.records if row.levelname == "ERROR"] == [
        "callback not stored: OperationalError"
    ]
    assert caplog.records[-1].exc_info is None
    assert not InboxEvent.objects.exists()
    assert _push()[0] == 200


@pytest.mark.parametrize("query", ["", "msg_signature=%ff%fe&timestamp=1&nonce=%00", "a=b&a=c"])
def test_odd_queries_are_refused(db: None, query: str) -> None:
    assert _ask(query=query, body=b"<xml><Encrypt>AAAA</Encrypt></xml>")[0] == 403
