"""Hand-overs, acquisition links, cards and changes of the organisation."""

from __future__ import annotations

import re
from typing import Any

from .harness import AGENT, Client, Receiver, wait_for

PAIR = {"handover_userid": "Alice", "takeover_userid": "bob"}


def hand_over(client: Client, *customers: str, **fields: Any) -> list[int]:
    body = {**PAIR, "external_userid": list(customers), **fields}
    answer = client.post("externalcontact/transfer_customer", body)
    return [row["errcode"] for row in answer["customer"]]


def statuses(client: Client) -> dict[str, int]:
    rows = client.post("externalcontact/transfer_result", PAIR)["customer"]
    return {row["external_userid"]: row["status"] for row in rows}


def test_transfer_takes_a_day_and_can_be_refused(calling: Client, receiver: Receiver) -> None:
    codes = hand_over(calling, "wm00004", "wm00005", "wmx", transfer_success_msg="以后由我服务")
    assert codes == [0, 0, 40096]
    assert hand_over(calling, "wm00004") == [40129]
    calling.act("transfer_refuse", external_userid="wm00005")
    assert "customer_refused" in receiver.wait("transfer_fail")
    assert statuses(calling) == {"wm00004": 2, "wm00005": 3}
    calling.advance(86_401)
    assert "DELETE_BY_TRANSFER" in receiver.wait("del_external_contact")
    wait_for(lambda: statuses(calling)["wm00004"] == 1)
    found = calling.get("externalcontact/get", external_userid="wm00004")
    assert [row["userid"] for row in found["follow_user"]] == ["bob"]
    got = calling.control("messages?external_userid=wm00004")["messages"]
    assert [row["text"] for row in got] == ["以后由我服务"]


def test_two_transfers_in_ninety_days(corp: Client) -> None:
    corp.control("settings", {"transfer_limit": 1})
    assert hand_over(corp, "wm00004") == [0]
    corp.act("transfer_refuse", external_userid="wm00004")
    assert hand_over(corp, "wm00004") == [40128]
    corp.advance(90 * 86_400 + 1)
    assert hand_over(corp, "wm00004") == [0]
    same = {**PAIR, "takeover_userid": "alice", "external_userid": ["wm00004"]}
    assert corp.post("externalcontact/transfer_customer", same)["errcode"] == 40130


def test_resigned_member(calling: Client, receiver: Receiver) -> None:
    body = {**PAIR, "external_userid": ["wm00003"]}
    assert calling.post("externalcontact/resigned/transfer_customer", body)["errcode"] == 40097
    chat_id = calling.act("group_create", owner="Alice")["chat_id"]
    assert calling.act("member_resign", userid="Alice")["customers"] == 7
    receiver.wait("delete_user")
    rows = calling.all_pages("externalcontact/get_unassigned_list", {"page_size": 3}, "info")
    assert len(rows) == 7
    assert calling.post("externalcontact/get_unassigned_list", {"page_id": 0})["is_last"] is True
    answer = calling.post("externalcontact/resigned/transfer_customer", body)
    assert answer["customer"][0]["errcode"] == 0
    move = {"chat_id_list": [chat_id, "wrx"], "new_owner": "bob"}
    failed = calling.post("externalcontact/groupchat/transfer", move)["failed_chat_list"]
    assert [(row["chat_id"], row["errcode"]) for row in failed] == [("wrx", 90501)]
    again = calling.post("externalcontact/groupchat/transfer", move)["failed_chat_list"]
    assert again[0]["errcode"] == 90504


def test_acquisition_link(calling: Client, receiver: Receiver) -> None:
    base = "externalcontact/customer_acquisition"
    made = calling.post(
        f"{base}/create_link", {"link_name": "官网", "range": {"user_list": ["bob"]}}
    )["link"]
    url = f"{made['url']}?customer_channel=web-7"
    joined = calling.act("open_link", url=url, name="孙女士")
    assert joined["state"] == "web-7"
    receiver.wait("friend_request")
    assert "<State><![CDATA[web-7]]>" in receiver.wait("[add_external_contact]")
    for _ in range(3):
        calling.act("say", **{"from": joined["external_userid"], "to": "bob", "text": "你好"})
    receiver.wait("customer_start_chat")
    key = re.search(r"<ChatKey><!\[CDATA\[(.+?)\]\]>", receiver.wait("message_from_customer"))
    assert key
    info = calling.post(f"{base}/get_chat_info", {"chat_key": key[1]})["chat_info"]
    assert info == {"recv_msg_cnt": 3, "link_id": made["link_id"], "state": "web-7"}
    rows = calling.post(f"{base}/customer", {"link_id": made["link_id"]})["customer_list"]
    assert rows[0]["chat_status"] == 1
    assert calling.get("externalcontact/customer_acquisition_quota")["balance"] == 9999
    assert calling.post(f"{base}/list_link", {})["link_id_list"] == [made["link_id"]]
    calling.post(f"{base}/delete_link", {"link_id": made["link_id"]})
    assert calling.post(f"{base}/get", {"link_id": made["link_id"]})["errcode"] == 40058


def test_card_button_and_update(calling: Client, receiver: Receiver) -> None:
    card = {
        "card_type": "button_interaction",
        "task_id": "t-1",
        "main_title": {"title": "回访"},
        "button_list": [{"text": "已完成", "key": "done"}],
    }
    body = {"touser": "bob", "agentid": AGENT, "msgtype": "template_card", "template_card": card}
    sent = calling.post("message/send", body)
    assert sent["response_code"]
    calling.act("press_card", userid="bob", msgid=sent["msgid"], key="done", options=["a", "b"])
    event = receiver.wait("template_card_event")
    assert "<FromUserName><![CDATA[bob]]>" in event and "<OpitonId>" in event
    code = re.search(r"<ResponseCode><!\[CDATA\[(.+?)\]\]>", event)
    assert code
    update = {"agentid": AGENT, "response_code": code[1], "button": {"replace_name": "已回访"}}
    path = "message/update_template_card"
    assert calling.post(path, {**update, "userids": ["bob", "ghost"]})["invaliduser"] == ["ghost"]
    assert calling.post(path, update)["errcode"] == 40058


def test_people_come_and_change(calling: Client, receiver: Receiver) -> None:
    calling.act("member_join", userid="carol", name="陈凯", department=[2])
    event = receiver.wait("create_user")
    assert "<UserID><![CDATA[carol]]>" in event and "Name" not in event.replace("UserName", "")
    calling.act("member_change", userid="carol", department=[1, 2])
    assert "<Department><![CDATA[1,2]]>" in receiver.wait("update_user")
    calling.act("department_change", id=3, name="宁波分行", parentid=1)
    receiver.wait("create_party")
    assert calling.get("user/get", userid="carol")["department"] == [1, 2]
