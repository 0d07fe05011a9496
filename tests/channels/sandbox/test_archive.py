"""The archive as a driver pulls it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from channels.sandbox.archive_cipher import decrypt, encrypt

from .harness import ARCHIVE, Client, open_record, rsa_pair


def pull(client: Client, seq: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
    answer = client.post(
        "sandbox/msgaudit/getchatdata", {"seq": seq, "limit": limit}, secret=ARCHIVE
    )
    assert answer["errcode"] == 0, answer
    rows: list[dict[str, Any]] = answer["chatdata"]
    return rows


def say(client: Client, speaker: str, listener: str, **fields: Any) -> str:
    return str(client.act("say", **{"from": speaker, "to": listener, **fields})["msgid"])


def test_cipher_round_trip_and_refusal() -> None:
    sealed = encrypt("key", "银行\x11")
    assert decrypt("key", sealed) == "银行\x11"
    for key, cipher in (("other", sealed), ("key", sealed[:-8] + "AAAAAAA="), ("key", "%%")):
        with pytest.raises(ValueError):
            decrypt(key, cipher)


def test_round_trip_with_versions(corp: Client) -> None:
    private1, pem1 = rsa_pair()
    private2, pem2 = rsa_pair()
    corp.control("keys", {"version": 1, "pem": pem1})
    first = say(corp, "wm00001", "Alice", text="理财到期了吗")
    corp.control("keys", {"version": 2, "pem": pem2})
    say(corp, "Alice", "wm00001", text="明天到期")
    rows = pull(corp)
    assert [row["publickey_ver"] for row in rows] == [1, 2]
    plain = open_record(private1, rows[0])
    assert plain == {
        "msgid": first,
        "action": "send",
        "from": "wm00001",
        "tolist": ["Alice"],
        "roomid": "",
        "msgtime": plain["msgtime"],
        "msgtype": "text",
        "text": {"content": "理财到期了吗"},
    }
    assert first.endswith("_external") and rows[0]["msgid"] == first
    assert open_record(private2, rows[1])["text"]["content"] == "明天到期"
    assert pull(corp) == rows
    assert pull(corp, seq=rows[0]["seq"]) == rows[1:]
    assert pull(corp, seq=rows[1]["seq"]) == []


def test_pages_follow_seq_with_gaps(corp: Client) -> None:
    corp.control("keys", {"version": 1, "pem": rsa_pair()[1]})
    for number in range(25):
        say(corp, "wm00001", "Alice", text=f"第{number}句")
    seen: list[int] = []
    while rows := pull(corp, seq=seen[-1] if seen else 0, limit=10):
        seen += [row["seq"] for row in rows]
    assert len(seen) == 25 and seen == sorted(set(seen))
    assert seen[-1] > 25
    answer = corp.post("sandbox/msgaudit/getchatdata", {"limit": 1001}, secret=ARCHIVE)
    assert answer["errcode"] == 40058


def test_without_a_key_the_archive_is_not_opened(corp: Client) -> None:
    say(corp, "wm00001", "Alice", text="早")
    answer = corp.post("sandbox/msgaudit/getchatdata", {"seq": 0}, secret=ARCHIVE)
    assert answer["errcode"] == 301053
    private, pem = rsa_pair()
    corp.control("keys", {"version": 3, "pem": pem})
    assert open_record(private, pull(corp)[0])["text"]["content"] == "早"
    assert "PEM" in corp.refused("keys", {"version": 4, "pem": "no key"})


def test_five_days_and_it_is_gone(corp: Client) -> None:
    corp.control("keys", {"version": 1, "pem": rsa_pair()[1]})
    say(corp, "wm00001", "Alice", text="旧")
    corp.advance(5 * 86_400 + 60)
    say(corp, "wm00001", "Alice", text="新")
    assert len(pull(corp)) == 1


def test_agreement_and_permission(corp: Client) -> None:
    private, pem = rsa_pair()
    corp.control("keys", {"version": 1, "pem": pem})
    who = {"userid": "Alice", "external_userid": "wm00001"}
    corp.act("disagree", **who)
    say(corp, "wm00001", "Alice", text="不存档")
    rows = [open_record(private, row) for row in pull(corp)]
    assert [row["msgtype"] for row in rows] == ["disagree"]
    info = {"info": [{"userid": "Alice", "exteranalopenid": "wm00001"}]}
    agreed = corp.post("msgaudit/check_single_agree", info, secret=ARCHIVE)["agreeinfo"][0]
    assert agreed["agree_status"] == "Disagree" and agreed["exteranalopenid"] == "wm00001"
    corp.act("agree", **who)
    agreed = corp.post("msgaudit/check_single_agree", info, secret=ARCHIVE)["agreeinfo"][0]
    assert agreed["agree_status"] == "Agree"
    corp.control("settings", {"unpermitted_members": ["bob"]})
    assert corp.post("msgaudit/get_permit_user_list", {}, secret=ARCHIVE)["ids"] == ["Alice"]
    too_many = {"info": info["info"] * 101}
    assert corp.post("msgaudit/check_single_agree", too_many, secret=ARCHIVE)["errcode"] == 301060


def test_recall_is_a_new_record(corp: Client) -> None:
    private, pem = rsa_pair()
    corp.control("keys", {"version": 1, "pem": pem})
    msgid = say(corp, "Alice", "wm00001", text="保本保息")
    corp.act("recall", msgid=msgid)
    rows = [open_record(private, row) for row in pull(corp)]
    assert rows[1]["action"] == "recall" and rows[1]["revoke"] == {"pre_msgid": msgid}


def test_media_in_chunks(corp: Client) -> None:
    private, pem = rsa_pair()
    corp.control("keys", {"version": 1, "pem": pem})
    data = bytes(range(256)) * 4100
    body = {"filename": "合同.pdf", "content_base64": base64.b64encode(data).decode()}
    say(corp, "wm00001", "Alice", msgtype="file", body=body)
    sent = open_record(private, pull(corp)[0])["file"]
    assert (sent["filename"], sent["fileext"], sent["filesize"]) == ("合同.pdf", "pdf", len(data))
    got, index, turns = b"", "", 0
    while True:
        chunk = corp.post(
            "sandbox/msgaudit/getmediadata",
            {"sdkfileid": sent["sdkfileid"], "indexbuf": index},
            secret=ARCHIVE,
        )
        got += base64.b64decode(chunk["data"])
        turns += 1
        if chunk["is_finish"]:
            break
        index = chunk["outindexbuf"]
        assert index.startswith("Range:bytes=")
    assert got == data and turns == 3
    wrong = corp.post("sandbox/msgaudit/getmediadata", {"sdkfileid": "x"}, secret=ARCHIVE)
    assert wrong["errcode"] == 10005


def test_mass_send_and_attachments_reach_the_archive(corp: Client) -> None:
    private, pem = rsa_pair()
    corp.control("keys", {"version": 1, "pem": pem})
    link = {"msgtype": "link", "link": {"title": "活动", "url": "https://bank.example/a"}}
    body = {"sender": "bob", "text": {"content": "看看"}, "attachments": [link]}
    corp.post("externalcontact/add_msg_template", body)
    corp.act("confirm_all")
    plain = [open_record(private, row) for row in pull(corp)]
    assert [row["msgtype"] for row in plain] == ["text", "link", "text", "link"]
    assert plain[1]["link"]["link_url"] == "https://bank.example/a"


def test_odd_body_names_and_a_seeded_past(corp: Client) -> None:
    private, pem = rsa_pair()
    corp.control("keys", {"version": 1, "pem": pem})
    past = corp.control("clock")["now"] - 3600
    lines = [
        {"from": "wm00001", "to": "Alice", "text": "一小时前", "at": past},
        {"from": "Alice", "to": "wm00001", "msgtype": "docmsg", "body": {"title": "说明书"}},
    ]
    assert len(corp.act("say_many", lines=lines)["said"]) == 2
    plain = [open_record(private, row) for row in pull(corp)]
    assert plain[0]["msgtime"] == int(past * 1000)
    assert plain[1]["doc"] == {"title": "说明书"} and "docmsg" not in plain[1]
    corp.act("switch", userid="alice")
    assert open_record(private, pull(corp)[-1])["action"] == "switch"


def test_strangers_cannot_talk(corp: Client) -> None:
    for speaker, listener in (("wm00005", "bob"), ("Alice", "bob"), ("wm00001", "wm00002")):
        refused = corp.refused(
            "act", {"action": "say", "from": speaker, "to": listener, "text": "x"}
        )
        assert "不是好友" in refused or "一方必须是" in refused


def test_a_record_may_come_back(corp: Client) -> None:
    corp.control("keys", {"version": 1, "pem": rsa_pair()[1]})
    corp.control("settings", {"archive_repeats": 1.0})
    say(corp, "wm00001", "Alice", text="重复")
    rows = pull(corp)
    assert len(rows) == 2 and rows[0]["msgid"] == rows[1]["msgid"]
    assert len(corp.control("messages?external_userid=wm00001&all=1")["messages"]) == 1
