"""Customer groups, their codes and welcome templates, mass send to groups, statistics."""

from __future__ import annotations

from .harness import ARCHIVE, Client, Receiver, open_record, rsa_pair

PREFIX = "externalcontact/groupchat"


def make_group(client: Client, *members: str) -> str:
    made = client.act("group_create", owner="Alice", name="财富沙龙", members=list(members))
    return str(made["chat_id"])


def group(client: Client, chat_id: str, **extra: object) -> dict[str, object]:
    found: dict[str, object] = client.post(f"{PREFIX}/get", {"chat_id": chat_id, **extra})
    return dict(found["group_chat"])  # type: ignore[call-overload]


def test_details_lag_behind_the_event(calling: Client, receiver: Receiver) -> None:
    chat_id = make_group(calling, "wm00000", "bob")
    receiver.wait("<ChangeType><![CDATA[create]]>")
    before = group(calling, chat_id)
    calling.act("group_join", chat_id=chat_id, external_userid="wm00001", state="poster")
    event = receiver.wait("add_member")
    assert f"<LastMemVer><![CDATA[{before['member_version']}]]>" in event
    assert "<MemChangeList><Item><![CDATA[wm00001]]></Item></MemChangeList>" in event
    assert group(calling, chat_id)["member_version"] == before["member_version"]
    calling.advance(3)
    after = group(calling, chat_id, need_name=1)
    assert f"<CurMemVer><![CDATA[{after['member_version']}]]>" in event
    joined = after["member_list"][-1]  # type: ignore[index]
    assert (joined["userid"], joined["name"], joined["state"]) == ("wm00001", "客户1", "poster")
    calling.act("group_leave", chat_id=chat_id, external_userid="wm00001", removed=True)
    assert "<QuitScene>1</QuitScene>" in receiver.wait("del_member")
    calling.act("group_change", chat_id=chat_id, name="新名字")
    receiver.wait("change_name")
    calling.act("group_dismiss", chat_id=chat_id)
    receiver.wait("dismiss")


def test_a_world_may_bring_groups(corp: Client) -> None:
    world = {"groups": [{"owner": "bob", "chat_id": "wr1", "name": "群", "members": ["wm00000"]}]}
    assert corp.control("world", world)["groups"] == 1
    assert corp.control("callbacks")["callbacks"] == []
    assert group(corp, "wr1")["owner"] == "bob"


def test_list_and_filters(corp: Client) -> None:
    chat_id = make_group(corp)
    listed = corp.post(f"{PREFIX}/list", {"limit": 10})["group_chat_list"]
    assert listed == [{"chat_id": chat_id, "status": 0}]
    other = {"limit": 10, "owner_filter": {"userid_list": ["bob"]}}
    assert corp.post(f"{PREFIX}/list", other)["group_chat_list"] == []
    assert corp.post(f"{PREFIX}/list", {})["errcode"] == 40063
    assert corp.post(f"{PREFIX}/get", {"chat_id": "wrx"})["errcode"] == 90501


def test_join_way_is_overwritten_in_full(corp: Client) -> None:
    chat_id = make_group(corp)
    body = {"scene": 2, "chat_id_list": [chat_id], "state": "s1", "remark": "长" * 40}
    config = corp.post(f"{PREFIX}/add_join_way", body)
    assert set(config) == {"errcode", "errmsg", "config_id"}
    key = {"config_id": config["config_id"]}
    way = corp.post(f"{PREFIX}/get_join_way", key)["join_way"]
    assert len(way["remark"]) == 30 and way["qr_code"]
    corp.post(f"{PREFIX}/update_join_way", {**key, "scene": 2, "chat_id_list": [chat_id]})
    assert corp.post(f"{PREFIX}/get_join_way", key)["join_way"]["state"] == ""
    too_many = {"scene": 2, "chat_id_list": [chat_id] * 6}
    assert corp.post(f"{PREFIX}/add_join_way", too_many)["errcode"] == 41091
    assert corp.post(f"{PREFIX}/del_join_way", key)["errcode"] == 0
    assert corp.post(f"{PREFIX}/get_join_way", key)["errcode"] == 41044


def test_scanning_a_join_way_fills_the_groups_and_then_a_new_one(
    calling: Client, receiver: Receiver
) -> None:
    calling.control("settings", {"group_capacity": 2})
    chat_id = make_group(calling)
    body = {
        "scene": 2,
        "chat_id_list": [chat_id],
        "state": "salon",
        "room_base_name": "沙龙",
        "room_base_id": 7,
    }
    config = calling.post(f"{PREFIX}/add_join_way", body)["config_id"]
    first = calling.act("scan", config_id=config, external_userid="wm00000")
    assert first["chat_id"] == chat_id
    event = receiver.wait("add_member")
    assert "<MemChangeList><Item><![CDATA[wm00000]]></Item></MemChangeList>" in event
    second = calling.act("scan", config_id=config, name="新人")["chat_id"]
    calling.advance(3)
    made = group(calling, second, need_name=1)
    assert (made["name"], made["owner"]) == ("沙龙7", "Alice")
    assert made["member_list"][-1]["state"] == "salon"  # type: ignore[index]
    way = calling.post(f"{PREFIX}/get_join_way", {"config_id": config})["join_way"]
    assert way["chat_id_list"] == [chat_id, second]


def test_a_full_join_way_that_makes_no_groups_refuses(corp: Client) -> None:
    corp.control("settings", {"group_capacity": 1})
    body = {"scene": 2, "chat_id_list": [make_group(corp)], "auto_create_room": 0}
    config = corp.post(f"{PREFIX}/add_join_way", body)["config_id"]
    scan = {"action": "scan", "config_id": config, "name": "新人"}
    assert "满了" in corp.refused("act", scan)


def test_welcome_templates(corp: Client) -> None:
    base = "externalcontact/group_welcome_template"
    made = corp.post(f"{base}/add", {"text": {"content": "欢迎%NICKNAME%"}})
    key = {"template_id": made["template_id"]}
    corp.post(f"{base}/edit", {**key, "text": {"content": "您好"}})
    assert corp.post(f"{base}/get", key)["text"] == {"content": "您好"}
    assert corp.post(f"{base}/del", key)["errcode"] == 0
    assert corp.post(f"{base}/get", key)["errcode"] == 41058


def test_mass_send_to_groups_and_group_archive(corp: Client) -> None:
    private, pem = rsa_pair()
    corp.control("keys", {"version": 1, "pem": pem})
    chat_id = make_group(corp, "wm00000", "wm00001")
    body = {"chat_type": "group", "sender": "alice", "text": {"content": "沙龙"}}
    made = corp.post(
        "externalcontact/add_msg_template", {**body, "chat_id_list": [chat_id, "wrother"]}
    )
    assert made["fail_list"] == ["wrother"]
    query = {"msgid": made["msgid"], "userid": "alice"}
    path = "externalcontact/get_groupmsg_send_result"
    assert corp.post(path, query)["send_list"] == []
    corp.act("confirm_all")
    assert [row["chat_id"] for row in corp.post(path, query)["send_list"]] == [chat_id]
    corp.act("say", **{"from": "wm00001", "to": chat_id, "text": "几点开始"})
    pulled = corp.post("sandbox/msgaudit/getchatdata", {"seq": 0}, secret=ARCHIVE)["chatdata"]
    plain = [open_record(private, row) for row in pulled]
    assert [row["roomid"] for row in plain] == [chat_id, chat_id]
    assert plain[1]["from"] == "wm00001" and set(plain[1]["tolist"]) == {"Alice", "wm00000"}
    agreed = corp.post("msgaudit/check_room_agree", {"roomid": chat_id}, secret=ARCHIVE)
    assert len(agreed["agreeinfo"]) == 2


def test_statistics_count_what_happened(corp: Client) -> None:
    chat_id = make_group(corp, "wm00000")
    corp.act("say", **{"from": "wm00001", "to": "bob", "text": "在吗"})
    corp.act("say", **{"from": "bob", "to": "wm00001", "text": "在"})
    corp.act("say", **{"from": "wm00000", "to": chat_id, "text": "大家好"})
    now = int(corp.control("clock")["now"])
    body = {"userid": ["bob"], "start_time": now, "end_time": now}
    row = corp.post("externalcontact/get_user_behavior_data", body)["behavior_data"][0]
    assert (row["chat_cnt"], row["message_cnt"], row["reply_percentage"]) == (1, 1, 100.0)
    owners = {"owner_filter": {"userid_list": ["alice"]}, "day_begin_time": now}
    item = corp.post(f"{PREFIX}/statistic", owners)["items"][0]["data"]
    assert (item["chat_total"], item["member_total"], item["msg_total"]) == (1, 2, 1)
    days = corp.post(f"{PREFIX}/statistic_group_by_day", {**owners, "day_end_time": now})
    assert days["items"][0]["data"]["new_chat_cnt"] == 1
    early = {**body, "start_time": now - 40 * 86_400}
    assert corp.post("externalcontact/get_user_behavior_data", early)["errcode"] == 40058
