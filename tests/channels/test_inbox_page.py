"""The inbox page: every event in Chinese, nothing personal in the open, replay of one or many."""

import re

from django.test import Client
from django.utils import timezone

from channels.inbox import processing
from channels.inbox.payload import HIDDEN, masked
from channels.models import InboxEvent
from scrm.audit.models import AuditEvent
from tests.channels.test_inbox import receive
from tests.factories import welcome
from tests.factories.cast import Cast
from tests.factories.wecom import Corp


def _page(sign_in, cast: Cast, query: str = "") -> str:
    return sign_in(cast.hq).get(f"/connection/inbox/{query}").content.decode()


def test_events_are_named_in_chinese_and_filtered(cast: Cast, sign_in) -> None:
    receive("add_external_contact", timezone.now())
    receive("something_new", timezone.now())
    receive("balance_low", timezone.now(), event="customer_acquisition")
    InboxEvent.objects.filter(change_type="something_new").update(state="ignored")

    def titles(query: str = "") -> list[str]:
        return re.findall(r"<strong>(.*?)</strong>", _page(sign_in, cast, query))

    assert titles() == ["获客额度不足", "change_external_contact/something_new", "添加客户"]
    assert titles("?state=ignored") == ["change_external_contact/something_new"]
    assert titles("?event=change_external_contact/add_external_contact") == ["添加客户"]
    assert "没有符合条件的回调" in _page(sign_in, cast, "?state=dead")


def test_nothing_personal_is_shown(cast: Cast, sign_in) -> None:
    who = "wmABCDEFGHIJKLMNOPQRSTUVWXYZ123456"
    fields = {"Name": "王小明", "Mobile": "13800138000", "WelcomeCode": "SECRETCODE123"}
    receive("add_external_contact", timezone.now(), who=who, **fields, Invented="13900139000")
    page = _page(sign_in, cast)
    for text in (who, "王小明", "13800138000", "SECRETCODE123", "13900139000", ">alice<"):
        assert text not in page
    assert "wmAB…3456" in page
    assert page.count(HIDDEN) == 4


def test_masking_is_default_deny_and_reaches_inside() -> None:
    body = {
        "State": "lobby",
        "MemChangeList": {"Item": ["wmAAAAAAAAAAAAAA", "wm1"]},
        "ExtAttr": {"Item": [{"Name": "生日", "Text": {"Value": "1980"}}]},
        "Remark": "13800138000",
        "ErrMsg": "phone 13800138000",
        "Empty": "",
    }
    assert masked(body) == [
        ("State", "lobby"),
        ("MemChangeList/Item", "wmAA…AAAA"),
        ("MemChangeList/Item", "w…1"),
        ("ExtAttr/Item/Name", HIDDEN),
        ("ExtAttr/Item/Text/Value", HIDDEN),
        ("Remark", HIDDEN),
        ("ErrMsg", "phone 138****8000"),
        ("Empty", "—"),
    ]


def test_ticked_events_are_replayed_and_the_filter_stays(cast: Cast, sign_in) -> None:
    for number in range(3):
        receive("something_new", timezone.now(), who=f"wm{number}")
    processing.drain()
    first, second, third = InboxEvent.objects.order_by("pk")
    client: Client = sign_in(cast.hq)
    answer = client.post(
        "/connection/inbox/replay/",
        {"event": [first.pk, second.pk, "rubbish"], "back": "state=ignored"},
        follow=True,
    )
    assert answer.redirect_chain == [("/connection/inbox/?state=ignored", 302)]
    assert "已重新排队 2 条" in answer.content.decode()
    states = InboxEvent.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["new", "new", "ignored"]
    trail = AuditEvent.objects.get(action="inbox.replay")
    assert trail.after == {"events": [first.pk, second.pk]}
    again = client.post("/connection/inbox/replay/", {"event": first.pk}, follow=True)
    assert "不需要重放" in again.content.decode()
    assert third.state == "ignored"


def test_a_greeting_shows_beside_its_event(cast: Cast, corp: Corp, sign_in) -> None:
    from channels.outbox import welcomes

    welcome.befriend(corp)
    welcomes.send_due()
    assert "没有适用的欢迎语" in _page(sign_in, cast)
    connection = sign_in(cast.hq).get("/connection/").content.decode()
    assert "没有适用的欢迎语" in connection
    receive("balance_low", timezone.now(), event="customer_acquisition")
    assert "获客额度不足" in sign_in(cast.hq).get("/connection/").content.decode()
