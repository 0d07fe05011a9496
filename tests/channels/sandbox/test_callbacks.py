"""Callbacks as the bank's server receives them, and the welcome clock that starts with one."""

from __future__ import annotations

import re

from channels.sandbox import callback_cipher

from .harness import AES_KEY, TOKEN, Client, Receiver, wait_for

VECTOR_ECHO = (
    "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
)


def welcome_code(event: str) -> str:
    found = re.search(r"<WelcomeCode><!\[CDATA\[(.+?)\]\]>", event)
    assert found, event
    return found[1]


def test_official_vector() -> None:
    sign = callback_cipher.signature(TOKEN, "1409659589", "263014780", VECTOR_ECHO)
    assert sign == "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
    plain, corp = callback_cipher.decrypt(AES_KEY, VECTOR_ECHO)
    assert (plain, corp) == ("1616140317555161061", "wx5823bf96d3bd56c7")


def test_own_round_trip_for_many_lengths() -> None:
    for length in range(0, 100):
        sealed = callback_cipher.encrypt(AES_KEY, "wwcorp", "银" * length)
        assert callback_cipher.decrypt(AES_KEY, sealed) == ("银" * length, "wwcorp")


def test_added_customer_is_announced_and_welcomed_once(calling: Client, receiver: Receiver) -> None:
    joined = calling.act("customer_add", userid="bob", name="钱先生", state="lobby")
    event = receiver.wait("add_external_contact")
    assert "<State><![CDATA[lobby]]></State>" in event
    assert f"<ExternalUserID><![CDATA[{joined['external_userid']}]]>" in event
    body = {"welcome_code": welcome_code(event), "text": {"content": "欢迎"}}
    assert calling.post("externalcontact/send_welcome_msg", body)["errcode"] == 0
    assert calling.post("externalcontact/send_welcome_msg", body)["errcode"] == 41051
    got = calling.control(f"messages?external_userid={joined['external_userid']}")["messages"]
    assert [row["text"] for row in got] == ["欢迎"]


def test_welcome_code_lives_twenty_seconds(calling: Client, receiver: Receiver) -> None:
    calling.act("customer_add", userid="bob", name="钱先生")
    body = {"welcome_code": welcome_code(receiver.wait("add_external")), "text": {"content": "x"}}
    calling.advance(21)
    assert calling.post("externalcontact/send_welcome_msg", body)["errcode"] == 41050
    assert calling.post("externalcontact/send_welcome_msg", {"text": {}})["errcode"] == 41049


def test_no_code_when_the_console_welcomes_or_they_have_chatted(
    calling: Client, receiver: Receiver
) -> None:
    calling.control("settings", {"console_welcome_members": ["bob"]})
    calling.act("customer_add", userid="bob", name="钱先生")
    assert "WelcomeCode" not in receiver.wait("add_external_contact")


def test_half_added_customer_is_no_customer_yet(calling: Client, receiver: Receiver) -> None:
    half = calling.act("customer_add", userid="bob", name="钱先生", half=True)
    external = half["external_userid"]
    code = welcome_code(receiver.wait("add_half_external_contact"))
    body = {"welcome_code": code, "text": {"content": "欢迎"}}
    assert calling.post("externalcontact/send_welcome_msg", body)["errcode"] == 0
    assert calling.get("externalcontact/get", external_userid=external)["errcode"] == 84061
    calling.act("customer_add", userid="bob", external_userid=external)
    assert "WelcomeCode" not in receiver.wait("[add_external_contact]")
    assert calling.get("externalcontact/get", external_userid=external)["errcode"] == 0


def test_deletions_both_ways(calling: Client, receiver: Receiver) -> None:
    calling.act("customer_delete", userid="Alice", external_userid="wm00002")
    receiver.wait("del_follow_user")
    assert calling.get("externalcontact/get", external_userid="wm00002")["errcode"] == 0
    calling.act("member_delete", userid="Alice", external_userid="wm00005")
    receiver.wait("del_external_contact")
    assert calling.get("externalcontact/get", external_userid="wm00005")["errcode"] == 84061


def test_api_writes_make_no_events(calling: Client, receiver: Receiver) -> None:
    who = {"userid": "Alice", "external_userid": "wm00000"}
    calling.post("externalcontact/remark", {**who, "remark": "x"})
    calling.post("externalcontact/mark_tag", {**who, "add_tag": ["et_gold"]})
    calling.act("member_edit", **who, remark_mobiles=["139"])
    assert calling.control("callbacks")["callbacks"] == []
    calling.act("member_edit", **who, remark="y")
    receiver.wait("edit_external_contact")


def test_three_tries_and_then_no_more(calling: Client, receiver: Receiver) -> None:
    receiver.answers = [500, 502]
    calling.act("customer_delete", userid="Alice", external_userid="wm00001")
    receiver.wait("del_follow_user")
    row = calling.control("callbacks")["callbacks"][0]
    assert [attempt["status"] for attempt in row["attempts"]][:2] == [500, 502]
    receiver.answers = [500, 500, 500]
    calling.act("customer_delete", userid="Alice", external_userid="wm00002")
    wait_for(lambda: calling.control("callbacks")["callbacks"][0]["status"] == "failed")
    assert len(calling.control("callbacks")["callbacks"][0]["attempts"]) == 3


def test_slow_receiver_is_cut_off(calling: Client, receiver: Receiver) -> None:
    calling.control("settings", {"callback_timeout": 0.2, "callback_tries": 1})
    receiver.slow = 0.6
    calling.act("customer_delete", userid="Alice", external_userid="wm00002")
    wait_for(lambda: calling.control("callbacks")["callbacks"][0]["status"] == "failed")
    attempt = calling.control("callbacks")["callbacks"][0]["attempts"][0]
    assert attempt["status"] == "timeout"


def test_duplicates_can_be_switched_on(calling: Client, receiver: Receiver) -> None:
    calling.control("settings", {"callback_duplicates": 1.0, "callback_reorder": True})
    calling.act("customer_delete", userid="Alice", external_userid="wm00002")
    wait_for(lambda: len(receiver.events) == 2)
    assert receiver.events[0] == receiver.events[1]


def test_url_check_and_garbage(calling: Client, receiver: Receiver) -> None:
    assert calling.act("check_url")["ok"] is True
    assert calling.act("send_garbage_callback", kind="duplicate")["statuses"] == [200, 200]
    for kind in ("bad_signature", "garbage", "wrong_corp", "not_xml"):
        assert calling.act("send_garbage_callback", kind=kind)["statuses"] == [403], kind
    assert "kind 只能是" in calling.refused(
        "act", {"action": "send_garbage_callback", "kind": "other"}
    )


def test_archive_notice_is_quick_and_then_rare(calling: Client, receiver: Receiver) -> None:
    calling.act("say", **{"from": "wm00001", "to": "Alice", "text": "在吗"})
    event = receiver.wait("msgaudit_notify", 3)
    assert "<AgentID>2000004</AgentID>" in event
    calling.act("say", **{"from": "Alice", "to": "wm00001", "text": "在的"})
    assert len(calling.control("callbacks?event=msgaudit_notify")["callbacks"]) == 1
    calling.control("settings", {"notify_interval": 0})
    wait_for(lambda: len(calling.control("callbacks?event=msgaudit_notify")["callbacks"]) == 2)
