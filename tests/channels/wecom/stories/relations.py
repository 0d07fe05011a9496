"""The organisation, customers, and how they come and go."""

import time

from channels.providers.wecom.api import WeCom, transfer
from channels.providers.wecom.api import contact_ways as ways
from channels.providers.wecom.api.acquisition import channel_url
from tests.channels.wecom.stories.common import group_of, refused
from tests.factories.wecom import Corp


def org(api: WeCom, corp: Corp) -> None:
    assert [row["name"] for row in api.org.departments()] == ["总行"]
    assert api.org.department_ids(1)[0]["parentid"] == 0
    assert api.org.department(1)["name"] == "总行"
    assert {row["userid"] for row in api.org.members(1)} >= {"alice", "amy", "bob"}
    assert {row["name"] for row in api.org.member_names(1, below=True)} >= {"陈静怡"}
    assert api.org.member("alice")["name"] == "陈静怡"
    assert {row["userid"] for row in api.org.member_ids()} >= {"alice", "amy", "bob"}
    assert api.org.userid_by_openid(api.org.openid("alice")) == "alice"
    assert set(api.org.open_userids(["alice", "nobody"])) == {"alice"}
    refused(46004, lambda: api.org.userid_by_mobile("13800000000"))
    refused(46004, lambda: api.org.userid_by_email("a@bank.example"))
    assert api.org.api_addresses() == ["127.0.0.1"]
    assert "101.226.103.*" in api.org.callback_addresses()


def customers(api: WeCom, corp: Corp) -> None:
    assert sorted(api.customers.follow_users()) == ["alice", "amy", "bob"]
    assert api.customers.ids("alice") == ["wmC00000001"]
    mobiles = ["13900001111"]
    api.customers.remark(
        "alice", "wmC00000001", remark="王总", description="理财", company="公司", mobiles=mobiles
    )
    follow = api.customers.one("wmC00000001")["follow_user"][0]
    assert (follow["remark"], follow["description"]) == ("王总", "理财")
    assert (follow["remark_corp_name"], follow["remark_mobiles"]) == ("公司", mobiles)
    api.customers.remark("alice", "wmC00000001", mobiles=[])
    rows, _ = api.customers.page("alice", "")
    assert rows[0]["follow_info"]["remark_mobiles"] == []
    assert {row["follow_userid"] for row in api.customers.everybody()} >= {"alice", "amy", "bob"}
    assert api.customers.openid("wmC00000001")
    found = api.customers.by_unionid("union-1", "o1")
    assert found["external_userid"] == "wmC00000001"


def tags(api: WeCom, corp: Corp) -> None:
    group = api.tags.add(["金卡", "白金"], group_name="等级")
    gold, platinum = (tag["id"] for tag in group["tag"])
    refused(40071, lambda: api.tags.add(["金卡"], group_id=group["group_id"]))
    api.tags.edit(gold, name="金葵花", order=9)
    shown = api.tags.groups(tag_ids=[gold])[0]["tag"][0]
    assert (shown["name"], shown["order"]) == ("金葵花", 9)
    api.tags.mark("alice", "wmC00000001", add=[gold, platinum])
    api.tags.mark("alice", "wmC00000001", remove=[platinum])
    assert api.customers.page("alice", "")[0][0]["follow_info"]["tag_id"] == [gold]
    api.tags.delete(tag_ids=[platinum])
    api.tags.delete(group_ids=[group["group_id"]])
    assert api.tags.groups(group_ids=[group["group_id"]])[0]["deleted"]
    assert api.tags.groups() == []


def contact_ways(api: WeCom, corp: Corp) -> None:
    text = {"text": {"content": "您好"}}
    way: ways.ContactWay = {
        "user": ["alice", "amy"],
        "remark": "网点活码",
        "state": "s1",
        "skip_verify": False,
        "is_exclusive": True,
        "conclusions": text,
    }
    config_id, url = api.contact_ways.add(ways.MULTIPLE, ways.QR_CODE, way)
    assert url
    shown = api.contact_ways.one(config_id)
    assert {name: shown[name] for name in way} == way
    api.contact_ways.update(config_id, {"state": "s2", "user": ["bob"]})
    shown = api.contact_ways.one(config_id)
    assert (shown["state"], shown["user"], shown["remark"]) == ("s2", ["bob"], "网点活码")
    assert config_id in list(api.contact_ways.ids())
    api.contact_ways.delete(config_id)
    refused(41044, lambda: api.contact_ways.one(config_id))
    api.contact_ways.close_temporary_chat("alice", "wmC00000001")


def acquisition(api: WeCom, corp: Corp) -> None:
    link = api.acquisition.create("春季", {"user_list": ["alice"]}, skip_verify=False)
    corp.act("open_link", url=channel_url(link["url"], "spring"), name="新客")
    api.acquisition.update(link["link_id"], name="夏季", who={"user_list": ["amy"]})
    shown = api.acquisition.one(link["link_id"])
    assert shown["link"]["link_name"] == "夏季"
    assert shown["link"]["skip_verify"] is False
    assert shown["range"]["user_list"] == ["amy"]
    assert link["link_id"] in list(api.acquisition.ids())
    assert [row["state"] for row in api.acquisition.customers(link["link_id"])] == ["spring"]
    assert api.acquisition.quota()["balance"] > 0
    now = int(time.time())
    figures = api.acquisition.statistic(link["link_id"], now - 86400, now)
    assert figures["click_link_customer_cnt"] == 1
    refused(40058, lambda: api.acquisition.chat_info("unknown"))
    api.acquisition.delete(link["link_id"])
    refused(40058, lambda: api.acquisition.one(link["link_id"]))


def groups(api: WeCom, corp: Corp) -> None:
    chat = group_of(corp, "alice")
    assert chat in [row["chat_id"] for row in api.groups.rows(owners=["alice"])]
    assert api.groups.one(chat)["name"] == "理财群"
    assert api.groups.chat_id("og" + chat.removeprefix("wr")) == chat
    config_id = api.groups.add_join_way(
        {"scene": 2, "chat_id_list": [chat], "remark": "厅堂", "state": "lobby"}
    )
    shown = api.groups.join_way(config_id)
    assert (shown["remark"], shown["state"], bool(shown["qr_code"])) == ("厅堂", "lobby", True)
    api.groups.update_join_way(config_id, {"scene": 2, "chat_id_list": [chat]})
    assert api.groups.join_way(config_id)["remark"] == ""
    api.groups.delete_join_way(config_id)
    refused(41044, lambda: api.groups.join_way(config_id))


def transfers(api: WeCom, corp: Corp) -> None:
    started = api.transfer.in_service("bob", "amy", ["wmC00000003", "wmNOBODY"], "由我为您服务")
    assert started["wmC00000003"] == 0
    assert started["wmNOBODY"] != 0
    rows = list(api.transfer.in_service_results("bob", "amy"))
    assert [row["status"] for row in rows] == [transfer.WAITING]
    corp.act("transfer_refuse", external_userid="wmC00000003")
    assert next(api.transfer.in_service_results("bob", "amy"))["status"] == transfer.REFUSED
    chat = group_of(corp, "alice")
    assert api.transfer.groups_in_service([chat], "alice") == {chat: 90504}
    assert api.transfer.groups_in_service([chat], "amy") == {}
    corp.act("member_join", userid="tom", name="汤姆")
    corp.act("customer_add", userid="tom", external_userid="wmC00000001")
    left = group_of(corp, "tom")
    refused(40097, lambda: api.transfer.resigned("tom", "amy", ["wmC00000001"]))
    corp.act("member_resign", userid="tom")
    assert [row["external_userid"] for row in api.transfer.unassigned()] == ["wmC00000001"]
    assert api.transfer.resigned("tom", "amy", ["wmC00000001"]) == {"wmC00000001": 0}
    assert len(list(api.transfer.resigned_results("tom", "amy"))) == 1
    assert api.transfer.groups_resigned([left], "amy") == {}


def statistics(api: WeCom, corp: Corp) -> None:
    now = int(time.time())
    days = api.statistics.behaviour("alice", now - 86400, now)
    assert [set(row) >= {"stat_time", "new_contact_cnt"} for row in days] == [True, True]
    assert [row["owner"] for row in api.statistics.groups(["alice"], now - 86400, now)] == ["alice"]
    assert len(api.statistics.groups_by_day(["alice"], now - 86400, now)) == 2
