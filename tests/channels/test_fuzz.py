"""Ten thousand bodies at the callback door: no server error, nothing kept unless it is WeCom's.

What is genuine is decided here by the signature rule of WeCom's documents, not by our own code.
"""

import base64
import hashlib
import io
import random
import time
from collections import Counter
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import RequestFactory
from wechatpy.work.crypto import WeChatCrypto

from channels.inbox.views import wecom_callback
from channels.inbox.wsgi import application
from channels.models import InboxEvent

BODIES = 10_000


@dataclass(frozen=True)
class Push:
    body: bytes
    query: dict[str, str]
    method: str = "POST"
    # Made by WeCom and untouched since, and not a text that is no event.
    genuine: bool = False


def _event(number: int) -> str:
    return (
        f"<xml><ToUserName>{settings.WECOM_CORP_ID}</ToUserName><FromUserName>sys</FromUserName>"
        f"<CreateTime>{1_790_000_000 + number}</CreateTime><MsgType>event</MsgType>"
        f"<Event>change_external_contact</Event><ChangeType>edit_external_contact</ChangeType>"
        f"<UserID>员工{number}</UserID><ExternalUserID>wm{number}</ExternalUserID></xml>"
    )


class Maker:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.crypto = WeChatCrypto(
            settings.WECOM_CALLBACK_TOKEN, settings.WECOM_CALLBACK_AES_KEY, settings.WECOM_CORP_ID
        )
        self.kinds = [
            self.untouched,
            self.flipped,
            self.cut,
            self.rubbish,
            self.other_query,
            self.signed_rubbish,
            self.signed_no_event,
            self.other_corp,
            self.stale,
            self.odd_method,
        ]
        self.pool = [self.sealed(_event(number)) for number in range(400)]

    def sealed(self, text: str, crypto: WeChatCrypto | None = None, at: int | None = None) -> Push:
        stamp, nonce = str(at or int(time.time())), str(self.random.randrange(10**9))
        body = (crypto or self.crypto).encrypt_message(text, nonce, stamp)
        signature = body.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
        query = {"msg_signature": signature, "timestamp": stamp, "nonce": nonce}
        return Push(body.encode(), query, genuine=True)

    def next(self) -> Push:
        return self.random.choice(self.kinds)()

    def any(self) -> Push:
        return self.random.choice(self.pool)

    def untouched(self) -> Push:
        return self.any()

    def flipped(self) -> Push:
        """A byte of the cipher text is another one."""
        push = self.any()
        body = bytearray(push.body)
        start = push.body.index(b"<Encrypt>") + 20
        end = push.body.index(b"</Encrypt>") - 5
        place = self.random.randrange(start, end)
        body[place] = (body[place] + self.random.randrange(1, 255)) % 256
        return replace(push, body=bytes(body), genuine=False)

    def cut(self) -> Push:
        push = self.any()
        end = push.body.index(b"</Encrypt>")
        return replace(push, body=push.body[: self.random.randrange(end)], genuine=False)

    def rubbish(self) -> Push:
        return Push(self.random.randbytes(self.random.randrange(300)), self.any().query)

    def other_query(self) -> Push:
        push = self.any()
        query = dict(push.query)
        name = self.random.choice(list(query))
        odd = ["", "0", "x" * 50, "\x00", "签名", "-1", str(2**70), query[name][::-1] + "a"]
        query[name] = self.random.choice(odd)
        if self.random.random() < 0.3:
            query.pop(name)
        return replace(push, query=query, genuine=False)

    def _signed(self, encrypted: str) -> Push:
        stamp, nonce = str(int(time.time())), "n"
        parts = sorted([settings.WECOM_CALLBACK_TOKEN, stamp, nonce, encrypted])
        signature = hashlib.sha1("".join(parts).encode()).hexdigest()
        query = {"msg_signature": signature, "timestamp": stamp, "nonce": nonce}
        return Push(f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode(), query)

    def signed_rubbish(self) -> Push:
        size = self.random.choice([0, 1, 15, 16, 32, 48, 100, 160])
        return self._signed(base64.b64encode(self.random.randbytes(size)).decode())

    def signed_no_event(self) -> Push:
        texts = ["", "x", "<xml></xml>", "<xml>", "{}", "<a><b/></a>", "<!DOCTYPE a><xml/>"]
        return replace(self.sealed(self.random.choice(texts)), genuine=False)

    def other_corp(self) -> Push:
        other = WeChatCrypto(
            settings.WECOM_CALLBACK_TOKEN, settings.WECOM_CALLBACK_AES_KEY, "wwsomebodyelse"
        )
        return replace(self.sealed(_event(1), other), genuine=False)

    def stale(self) -> Push:
        old = int(time.time()) - settings.INBOX_MAX_AGE_SECONDS - 60
        return replace(self.sealed(_event(2), at=old), genuine=False)

    def odd_method(self) -> Push:
        method = self.random.choice(["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
        return replace(self.any(), method=method, genuine=False)


def _path() -> str:
    return f"/callbacks/wecom/{settings.WECOM_CORP_ID}/{settings.WECOM_AGENT_ID}/"


def _through_django(push: Push) -> int:
    request = RequestFactory().generic(
        push.method, f"{_path()}?{urlencode(push.query)}", push.body, "text/xml"
    )
    corp, agent = settings.WECOM_CORP_ID, str(settings.WECOM_AGENT_ID)
    return wecom_callback(request, corp, agent).status_code


def _through_the_slim_server(push: Push) -> int:
    said: list[str] = []
    environ = {
        "REQUEST_METHOD": push.method,
        "PATH_INFO": _path(),
        "QUERY_STRING": urlencode(push.query),
        "CONTENT_LENGTH": str(len(push.body)),
        "wsgi.input": io.BytesIO(push.body),
    }
    list(application(environ, lambda status, headers: said.append(status)))  # type: ignore[arg-type,return-value]
    return int(said[0][:3])


@pytest.mark.parametrize("enter", [_through_django, _through_the_slim_server])
def test_ten_thousand_bodies(db: None, enter, caplog) -> None:
    caplog.set_level("ERROR")
    maker, statuses, kept = Maker(seed=7), Counter(), set()
    for _ in range(BODIES):
        push = maker.next()
        status = enter(push)
        statuses[status] += 1
        assert (status == 200) == push.genuine, (status, push)
        if push.genuine:
            kept.add(push.body)
    assert set(statuses) <= {200, 400, 403, 405}, statuses
    assert statuses[200] > BODIES // 40
    assert InboxEvent.objects.count() == len(kept)
    assert not caplog.records
