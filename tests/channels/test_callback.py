"""The callback door: durable before the answer, once, and only for what is provably WeCom's."""

import secrets
import time

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from wechatpy.work.crypto import WeChatCrypto

from channels.models import InboxEvent
from channels.providers.wecom import callback
from tests.factories.cast import Cast


def _url() -> str:
    return f"/callbacks/wecom/{settings.WECOM_CORP_ID}/{settings.WECOM_AGENT_ID}/"


def _event(
    change: str = "del_follow_user", at: int = 1_790_000_000, who: str = "wmC00000001"
) -> str:
    return (
        f"<xml><ToUserName>{settings.WECOM_CORP_ID}</ToUserName><FromUserName>sys</FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType>event</MsgType>"
        f"<Event>change_external_contact</Event><ChangeType>{change}</ChangeType>"
        f"<UserID>alice</UserID><ExternalUserID>{who}</ExternalUserID></xml>"
    )


def push(
    client: Client,
    xml: str,
    *,
    corp: str = "",
    token: str = "",
    aes: str = "",
    at: int | None = None,
    url: str = "",
):
    """Encrypted by wechatpy, which is not our implementation."""
    crypto = WeChatCrypto(
        token or settings.WECOM_CALLBACK_TOKEN,
        aes or settings.WECOM_CALLBACK_AES_KEY,
        corp or settings.WECOM_CORP_ID,
    )
    stamp, nonce = str(at or int(time.time())), secrets.token_hex(5)
    sealed = crypto.encrypt_message(xml, nonce, stamp)
    signature = sealed.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
    query = f"?msg_signature={signature}&timestamp={stamp}&nonce={nonce}"
    return client.post((url or _url()) + query, sealed, content_type="text/xml")


def test_the_official_vector() -> None:
    who = callback.Credentials(
        "wx5823bf96d3bd56c7", "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
    )
    echo = (
        "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
    )
    query = {
        "msg_signature": "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
        "timestamp": "1409659589",
        "nonce": "263014780",
        "echostr": echo,
    }
    assert callback.open_echo(who, query) == b"1616140317555161061"


def test_an_event_is_kept_once(cast: Cast, client: Client) -> None:
    for _ in range(3):
        assert push(client, _event()).content == b"success"
    assert InboxEvent.objects.count() == 1


def test_events_of_one_second_are_distinct(cast: Cast, client: Client) -> None:
    for number in range(5):
        push(client, _event(who=f"wm{number}"))
    assert InboxEvent.objects.count() == 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "wrongToken"},
        {"corp": "wwanotherbank"},
        {"at": 1_600_000_000},
        {"url": "/callbacks/wecom/wwother/1/"},
    ],
)
def test_what_is_not_ours_is_refused_and_not_kept(cast: Cast, client: Client, wrong: dict) -> None:
    assert push(client, _event(), **wrong).status_code in {403, 404}
    assert not InboxEvent.objects.exists()


def test_an_unknown_event_is_kept_and_a_non_event_refused(cast: Cast, client: Client) -> None:
    assert push(client, _event("brand_new_change")).status_code == 200
    assert push(client, "not xml at all").status_code == 400
    assert InboxEvent.objects.count() == 1


# Breadth is test_fuzz's matter; here the bytes come through all of Django.
@hypothesis_settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.binary(max_size=400),
    query=st.dictionaries(
        st.sampled_from(["msg_signature", "timestamp", "nonce", "echostr"]), st.text(max_size=40)
    ),
)
def test_rubbish_never_breaks_and_never_stays(db, body: bytes, query: dict[str, str]) -> None:
    client = Client(raise_request_exception=True)
    for content in (body, b"<xml><Encrypt>" + body.hex().encode() + b"</Encrypt></xml>"):
        answer = client.post(_url(), content, content_type="text/xml", query_params=query)
        assert answer.status_code in {400, 403}
    assert client.get(_url(), query_params=query).status_code == 403
    assert not InboxEvent.objects.exists()
