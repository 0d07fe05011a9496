"""A mass send from the request to what customers received, with every way to not receive it."""

from __future__ import annotations

from typing import Any

from .harness import Client

EVERYBODY = [f"wm{number:05d}" for number in range(7)]


def send(client: Client, **fields: Any) -> dict[str, Any]:
    body = {"chat_type": "single", "text": {"content": "端午安康"}, **fields}
    return client.post("externalcontact/add_msg_template", body)


def results(client: Client, msgid: str, userid: str) -> dict[str, int]:
    rows = client.all_pages(
        "externalcontact/get_groupmsg_send_result",
        {"msgid": msgid, "userid": userid, "limit": 3},
        "send_list",
    )
    return {row["external_userid"]: row["status"] for row in rows}


def test_nothing_is_sent_before_the_member_confirms(corp: Client) -> None:
    made = send(corp, external_userid=[*EVERYBODY, "wmnobody"], sender="alice")
    assert made["fail_list"] == ["wmnobody"]
    task = corp.post("externalcontact/get_groupmsg_task", {"msgid": made["msgid"]})
    assert task["task_list"] == [{"userid": "Alice", "status": 0}]
    assert set(results(corp, made["msgid"], "alice").values()) == {0}
    assert corp.control("messages?external_userid=wm00001")["messages"] == []
    corp.act("confirm_task", userid="Alice", msgid=made["msgid"])
    assert set(results(corp, made["msgid"], "alice").values()) == {1}
    got = corp.control("messages?external_userid=wm00001")["messages"]
    assert [row["text"] for row in got] == ["端午安康"]
    # A second tap sends nothing again.
    corp.act("confirm_task", userid="Alice", msgid=made["msgid"])
    received = corp.control(f"received?msgid={made['msgid']}")["received"]
    assert received == dict.fromkeys(EVERYBODY, 1)


def test_results_are_not_there_at_once(corp: Client) -> None:
    corp.control("settings", {"dispatch_seconds": 5})
    msgid = send(corp, sender="alice")["msgid"]
    query = {"msgid": msgid, "userid": "alice"}
    assert corp.post("externalcontact/get_groupmsg_send_result", query)["errcode"] == 41063
    corp.advance(6)
    assert corp.post("externalcontact/get_groupmsg_send_result", query)["errcode"] == 0


def test_task_goes_to_the_member_with_the_last_contact(corp: Client) -> None:
    corp.act("say", **{"from": "bob", "to": "wm00000", "text": "您好"})
    made = send(corp, external_userid=EVERYBODY)
    rows = corp.post("externalcontact/get_groupmsg_task", {"msgid": made["msgid"]})["task_list"]
    assert {row["userid"] for row in rows} == {"Alice", "bob"}
    assert list(results(corp, made["msgid"], "bob")) == ["wm00000"]


def test_not_a_friend_and_over_the_cap(corp: Client) -> None:
    corp.control("settings", {"receipt_cap": "day1"})
    corp.act("customer_delete", userid="Alice", external_userid="wm00003")
    first = send(corp, sender="alice")["msgid"]
    corp.act("confirm_all")
    assert results(corp, first, "alice")["wm00003"] == 2
    second = send(corp, sender="alice")["msgid"]
    corp.act("confirm_all", msgid=second)
    statuses = results(corp, second, "alice")
    assert statuses.pop("wm00003") == 2 and set(statuses.values()) == {3}
    corp.advance(86_400)
    third = send(corp, sender="alice")["msgid"]
    corp.act("confirm_all", userid="alice")
    assert results(corp, third, "alice")["wm00000"] == 1


def test_a_members_own_mass_send_counts_for_the_cap(corp: Client) -> None:
    corp.control("settings", {"receipt_cap": "day1"})
    own = corp.act("member_mass_send", userid="Alice", text="早上好")
    assert own["sent"] == 7
    msgid = send(corp, sender="alice")["msgid"]
    assert corp.act("confirm_task", userid="Alice", msgid=msgid)["over_cap"] == 7
    now = int(corp.control("clock")["now"])
    query = {"chat_type": "single", "start_time": now - 3600, "end_time": now + 60}
    personal = corp.post("externalcontact/get_groupmsg_list_v2", {**query, "filter_type": 1})
    assert [row["creator"] for row in personal["group_msg_list"]] == ["Alice"]
    both = corp.post("externalcontact/get_groupmsg_list_v2", query)["group_msg_list"]
    assert len(both) == 2


def test_member_who_deleted_the_customer_cannot_reach_it(corp: Client) -> None:
    corp.act("member_delete", userid="Alice", external_userid="wm00004")
    assert send(corp, external_userid=["wm00004"], sender="alice")["errcode"] == 41048


def test_tag_filter_is_or_inside_and_between(corp: Client) -> None:
    groups = {"group_list": [{"tag_list": ["et_gold", "et_silver"]}, {"tag_list": ["et_gold"]}]}
    made = send(corp, sender="bob", tag_filter=groups)
    assert set(results(corp, made["msgid"], "bob")) == {"wm00000", "wm00001"}
    both = {"group_list": [{"tag_list": ["et_gold"]}, {"tag_list": ["et_silver"]}]}
    assert send(corp, sender="bob", tag_filter=both)["errcode"] == 41048


def test_cancel_and_remind(corp: Client) -> None:
    msgid = send(corp, sender="alice")["msgid"]
    codes = [
        corp.post("externalcontact/remind_groupmsg_send", {"msgid": msgid})["errcode"]
        for _ in range(4)
    ]
    assert codes == [0, 0, 0, 41094]
    assert corp.post("externalcontact/cancel_groupmsg_send", {"msgid": msgid})["errcode"] == 0
    assert "41093" in corp.refused(
        "act", {"action": "confirm_task", "userid": "alice", "msgid": msgid}
    )
    sent = send(corp, sender="alice")["msgid"]
    corp.act("confirm_all", msgid=sent)
    assert corp.post("externalcontact/cancel_groupmsg_send", {"msgid": sent})["errcode"] == 97611


def test_reselecting_only_when_allowed(corp: Client) -> None:
    fixed = send(corp, sender="alice")["msgid"]
    assert corp.act("confirm_task", userid="alice", msgid=fixed, only=["wm00000"])["sent"] == 7
    free = send(corp, sender="alice", allow_select=True)["msgid"]
    assert corp.act("confirm_task", userid="alice", msgid=free, only=["wm00000"])["sent"] == 1


def test_parameter_errors(corp: Client) -> None:
    path = "externalcontact/add_msg_template"
    cases: list[tuple[dict[str, Any], int]] = [
        ({"chat_type": "other", "sender": "alice", "text": {"content": "x"}}, 86214),
        ({"text": {"content": "x"}}, 40063),
        ({"sender": "alice"}, 40063),
        ({"sender": "nobody", "text": {"content": "x"}}, 60111),
        ({"sender": "alice", "text": {"content": "长" * 1400}}, 40058),
        ({"external_userid": ["wm"] * 10_001, "text": {"content": "x"}}, 40058),
        ({"sender": "alice", "attachments": [{"msgtype": "audio"}]}, 41065),
        ({"sender": "alice", "attachments": [{"msgtype": "file"}] * 10}, 41064),
        (
            {"sender": "alice", "attachments": [{"msgtype": "file", "file": {"media_id": "no"}}]},
            40007,
        ),
    ]
    for body, code in cases:
        assert corp.post(path, body)["errcode"] == code, body
    assert corp.post("externalcontact/get_groupmsg_task", {})["errcode"] == 41046
    assert corp.post("externalcontact/get_groupmsg_task", {"msgid": "msgx"})["errcode"] == 41047


def test_ten_thousand_recipients(empty: Client) -> None:
    from .harness import small_world

    empty.control("world", small_world(10_000))
    empty.control("settings", {"dispatch_seconds": 0})
    ids = [f"wm{number:05d}" for number in range(10_000)]
    msgid = send(empty, external_userid=ids, sender="alice")["msgid"]
    assert empty.act("confirm_all")["confirmed"][0]["sent"] == 10_000
    body = {"msgid": msgid, "userid": "alice", "limit": 1000}
    rows = empty.all_pages("externalcontact/get_groupmsg_send_result", body, "send_list")
    assert [row["external_userid"] for row in rows] == ids
