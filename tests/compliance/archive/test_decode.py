"""Decoding links people, keeps what cannot be read, and never stops at one record."""

import json
from pathlib import Path
from typing import Any

import pytest

from compliance import signals
from compliance.archive import decode, pull
from compliance.models import ArchivedMessage, LogLeaf
from contacts.models import CustomerEvent
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import Chat, message_of, write_key


def test_messages_are_linked_to_employee_and_customer(cast: Cast, chat: Chat) -> None:
    contact = befriend(cast.wang)
    sent = chat.say("alice", contact.external_userid, "您好")
    received = chat.say(contact.external_userid, "alice", "请问起购金额？")
    chat.archive()
    first, second = message_of(sent), message_of(received)
    assert (first.from_staff, first.user, first.customer) == (True, cast.alice, cast.wang)
    assert (second.from_staff, second.user, second.contact) == (False, cast.alice, contact)
    assert first.conversation == second.conversation == f"alice|{contact.external_userid}"
    assert second.text == "请问起购金额？"


def test_decoding_twice_stores_once(cast: Cast, chat: Chat) -> None:
    chat.say("alice", befriend(cast.wang).external_userid, "您好")
    assert chat.archive() == 1
    assert chat.archive() == 0
    assert decode.decode(chat, decode.newest_waiting()) == 0
    assert ArchivedMessage.objects.count() == LogLeaf.objects.filter(kind="message").count() == 1


def test_undecodable_records_do_not_block_the_rest(cast: Cast, chat: Chat) -> None:
    to = befriend(cast.wang).external_userid
    chat.say("alice", to, "第一条")
    broken = chat.say("alice", to, "坏的")
    broken["encrypt_chat_msg"] = "AAAA"
    wrong_key = chat.say("alice", to, "坏的密钥")
    wrong_key["encrypt_random_key"] = "bm90IHJzYQ=="
    no_json = chat.add("这不是 JSON")
    last = chat.say("alice", to, "最后一条")
    assert chat.archive() == 5
    for row in (broken, wrong_key, no_json):
        message = message_of(row)
        assert message.msgtype == "undecodable"
        assert message.error
    assert message_of(last).text == "最后一条"
    assert LogLeaf.objects.filter(kind="message").count() == 5


def test_a_missing_private_key_waits_and_is_decoded_once_it_is_there(
    cast: Cast, chat: Chat, tmp_path: Path
) -> None:
    to = befriend(cast.wang).external_userid
    held = chat.say("alice", to, "用新密钥", version=2)
    chat.say("alice", to, "用旧密钥")
    assert chat.archive() == 1
    assert decode.waiting().count() == 1
    write_key(tmp_path, 2)
    assert chat.archive() == 1
    assert message_of(held).text == "用新密钥"


def test_a_repeated_record_is_noted_and_told_once(cast: Cast, chat: Chat) -> None:
    to = befriend(cast.wang).external_userid
    chat.say("alice", to, "您好", msgid="same")
    again = chat.say("alice", to, "您好", msgid="same")
    chat.archive()
    assert message_of(again).msgtype == "repeat"
    assert CustomerEvent.objects.filter(kind="sent", customer=cast.wang).count() == 1


def test_events_and_signal(cast: Cast, chat: Chat) -> None:
    heard: list[ArchivedMessage] = []

    def hear(messages: list[ArchivedMessage], **_: Any) -> None:
        heard.extend(messages)

    contact = befriend(cast.wang)
    signals.messages_archived.connect(hear)
    try:
        chat.say(contact.external_userid, "alice", "在吗")
        chat.archive()
    finally:
        signals.messages_archived.disconnect(hear)
    assert [message.text for message in heard] == ["在吗"]
    event = CustomerEvent.objects.get(kind="message", customer=cast.wang)
    assert (event.key, event.user) == ("msg:m0_external", cast.alice)


def test_a_failing_receiver_costs_one_record_not_the_batch(cast: Cast, chat: Chat) -> None:
    def refuse(messages: list[ArchivedMessage], **_: Any) -> None:
        if any(message.text == "触发错误" for message in messages):
            raise RuntimeError("receiver failed")

    to = befriend(cast.wang).external_userid
    bad = chat.say("alice", to, "触发错误")
    good = chat.say("alice", to, "正常")
    signals.messages_archived.connect(refuse)
    try:
        chat.archive()
    finally:
        signals.messages_archived.disconnect(refuse)
    assert message_of(bad).msgtype == "undecodable"
    assert message_of(good).text == "正常"


def test_recall_switch_agree_and_group(cast: Cast, chat: Chat) -> None:
    contact = befriend(cast.wang)
    to = contact.external_userid
    chat.say("alice", to, "说错了", msgid="first")
    recall = chat.say(
        "alice", to, "", action="recall", msgtype="revoke", revoke={"pre_msgid": "first"}
    )
    switch = chat.add(
        json.dumps({"msgid": "s", "action": "switch", "time": 1700000000000, "user": "alice"})
    )
    agree = chat.say(
        to, "alice", "", msgtype="agree", agree={"userid": to, "agree_time": 1700000000000}
    )
    room = chat.say("alice", to, "大家好", tolist=[to, "amy"], roomid="wrRoom1")
    chat.archive()
    assert message_of(recall).recalls == "first"
    assert (message_of(switch).msgtype, message_of(switch).user) == ("switch", cast.alice)
    assert message_of(agree).contact == contact
    assert message_of(room).conversation == "wrRoom1"


TYPES: list[tuple[str, dict[str, Any], str]] = [
    ("image", {"image": {"md5sum": "x"}}, "[图片]"),
    ("voice", {"voice": {"play_length": 12}}, "[语音] 12 秒"),
    ("file", {"file": {"filename": "保本方案.pdf"}}, "[文件] 保本方案.pdf"),
    ("link", {"link": {"title": "标题", "link_url": "http://x.cn"}}, "[链接] 标题 http://x.cn"),
    ("docmsg", {"doc": {"title": "方案"}}, "[文档] 方案"),
    ("markdown", {"info": {"content": "**保本**"}}, "**保本**"),
    ("vote", {"votetitle": "选一个", "voteitem": ["甲", "乙"]}, "[投票] 选一个 甲 乙"),
    ("external_redpacket", {"redpacket": {"wish": "恭喜", "totalcnt": 1, "totalamount": 880}},
     "[红包] 恭喜 1 个共 8.80 元"),
    ("mixed", {"mixed": {"item": [{"type": "text", "content": '{"content": "看图"}'},
                                  {"type": "image", "content": "{}"}]}}, "看图\n[图片]"),
    ("chatrecord", {"chatrecord": {"title": "记录", "item": [
        {"type": "ChatRecordText", "content": '{"content": "保本保息"}'}]}},
     "[聊天记录] 记录\n保本保息"),
    ("newtype", {"newtype": {"a": 1}}, "[newtype]"),
]  # fmt: skip


@pytest.mark.parametrize(("msgtype", "body", "text"), TYPES, ids=[row[0] for row in TYPES])
def test_every_type_becomes_a_text(
    cast: Cast, chat: Chat, msgtype: str, body: dict[str, Any], text: str
) -> None:
    row = chat.say("alice", befriend(cast.wang).external_userid, "", msgtype=msgtype, **body)
    chat.archive()
    assert message_of(row).text == text


def test_control_characters_are_read(cast: Cast, chat: Chat) -> None:
    plain = (
        '{"msgid":"c","action":"send","from":"alice","tolist":["wm1"],"msgtime":1,'
        '"msgtype":"text","text":{"content":"a\x11b"}}'
    )
    row = chat.add(plain)
    chat.archive()
    assert message_of(row).text == "a\x11b"


def test_pull_alone_decodes_nothing(chat: Chat, db: None) -> None:
    chat.add("{}")
    pull.pull(chat)
    assert not ArchivedMessage.objects.exists()
