"""Organisation, customers, paging, tags and live codes."""

from __future__ import annotations

import time

from .harness import Client, small_world


def test_organisation(corp: Client) -> None:
    assert [row["id"] for row in corp.get("department/list")["department"]] == [1, 2]
    assert [row["id"] for row in corp.get("department/list", id=2)["department"]] == [2]
    direct = corp.get("user/list", department_id=1)["userlist"]
    assert [row["userid"] for row in direct] == ["bob"]
    deep = corp.get("user/simplelist", department_id=1, fetch_child=1)["userlist"]
    assert {row["userid"] for row in deep} == {"Alice", "bob"}
    assert not {"mobile", "email", "avatar"} & set(direct[0])
    assert corp.get("user/get", userid="ALICE")["name"] == "王爱丽"
    rows = corp.post("user/list_id", {"limit": 10})["dept_user"]
    assert {"userid": "bob", "department": 1} in rows


def test_customer_list_and_details(corp: Client) -> None:
    assert len(corp.get("externalcontact/list", userid="alice")["external_userid"]) == 7
    found = corp.get("externalcontact/get", external_userid="wm00000")
    assert found["external_contact"]["name"] == "客户0"
    assert [row["userid"] for row in found["follow_user"]] == ["Alice", "bob"]
    assert found["follow_user"][1]["tags"] == [
        {"group_name": "等级", "tag_name": "金卡", "tag_id": "et_gold", "type": 1}
    ]
    assert corp.get("externalcontact/get", external_userid="wmnobody")["errcode"] == 40096
    assert corp.get("externalcontact/list", userid="nobody")["errcode"] == 60111


def test_member_without_customers_answers_84061(empty: Client) -> None:
    world = small_world(0)
    empty.control("world", world)
    assert empty.get("externalcontact/list", userid="bob")["errcode"] == 84061


def test_batch_pages_are_complete_and_sometimes_short(empty: Client) -> None:
    empty.control("world", small_world(60))
    body = {"userid_list": ["Alice", "bob"], "limit": 10}
    rows = empty.all_pages("externalcontact/batch/get_by_user", body, "external_contact_list")
    pairs = {(r["external_contact"]["external_userid"], r["follow_info"]["userid"]) for r in rows}
    assert len(rows) == len(pairs) == 62
    second = empty.post(
        "externalcontact/batch/get_by_user",
        {**body, "cursor": empty.post("externalcontact/batch/get_by_user", body)["next_cursor"]},
    )
    assert len(second["external_contact_list"]) < 10
    bad = empty.post("externalcontact/batch/get_by_user", {**body, "cursor": "rubbish"})
    assert bad["errcode"] == 40058
    assert empty.post("externalcontact/batch/get_by_user", {**body, "limit": 101})["errcode"]


def test_remark_overwrites_and_clears_mobiles(corp: Client) -> None:
    who = {"userid": "Alice", "external_userid": "wm00000"}
    assert corp.post("externalcontact/remark", who)["errcode"] == 40063
    corp.post("externalcontact/remark", {**who, "remark": "张总", "remark_mobiles": ["139"]})
    follow = corp.get("externalcontact/get", external_userid="wm00000")["follow_user"][0]
    assert (follow["remark"], follow["remark_mobiles"]) == ("张总", ["139"])
    corp.post("externalcontact/remark", {**who, "remark_mobiles": [""]})
    follow = corp.get("externalcontact/get", external_userid="wm00000")["follow_user"][0]
    assert follow["remark_mobiles"] == []
    assert corp.post("externalcontact/remark", {**who, "remark": "长" * 21})["errcode"] == 40058
    stranger = {"userid": "bob", "external_userid": "wm00005", "remark": "x"}
    assert corp.post("externalcontact/remark", stranger)["errcode"] == 84061


def test_tag_life(corp: Client) -> None:
    made = corp.post(
        "externalcontact/add_corp_tag",
        {"group_name": "偏好", "tag": [{"name": "基金"}, {"name": "基金"}, {"name": "保险"}]},
    )["tag_group"]
    assert [tag["name"] for tag in made["tag"]] == ["基金", "保险"]
    again = {"group_name": "偏好", "tag": [{"name": "基金"}]}
    assert corp.post("externalcontact/add_corp_tag", again)["errcode"] == 40071
    fund, insurance = (tag["id"] for tag in made["tag"])
    who = {"userid": "Alice", "external_userid": "wm00003"}
    assert corp.post("externalcontact/mark_tag", {**who, "add_tag": [fund]})["errcode"] == 0
    assert corp.post("externalcontact/mark_tag", {**who, "add_tag": ["etx"]})["errcode"] == 40068
    assert (
        corp.post("externalcontact/edit_corp_tag", {"id": fund, "name": "保险"})["errcode"] == 40071
    )
    assert corp.post("externalcontact/del_corp_tag", {"tag_id": [fund]})["errcode"] == 0
    row = corp.get("externalcontact/get", external_userid="wm00003")["follow_user"][0]
    assert row["tags"] == []
    gone = corp.post("externalcontact/get_corp_tag_list", {"tag_id": [fund]})["tag_group"]
    assert gone[0]["tag"][0]["deleted"] is True
    corp.post("externalcontact/del_corp_tag", {"tag_id": [insurance]})
    names = [
        g["group_name"] for g in corp.post("externalcontact/get_corp_tag_list", {})["tag_group"]
    ]
    assert names == ["等级"]


def test_contact_way_life_and_scan(corp: Client) -> None:
    body = {"type": 2, "scene": 2, "party": [1], "state": "branch-7", "remark": "网点码"}
    way = corp.post("externalcontact/add_contact_way", body)
    assert way["qr_code"].endswith(".svg")
    config = {"config_id": way["config_id"]}
    shown = corp.post("externalcontact/get_contact_way", config)["contact_way"]
    assert shown["state"] == "branch-7" and shown["skip_verify"] is True
    assert corp.post("externalcontact/list_contact_way", {})["contact_way"] == [config]
    joined = corp.act("scan", **config, name="赵女士")
    got = corp.get("externalcontact/get", external_userid=joined["external_userid"])
    assert got["follow_user"][0]["state"] == "branch-7"
    corp.post("externalcontact/update_contact_way", {**config, "user": ["bob"], "party": []})
    assert corp.post("externalcontact/get_contact_way", config)["contact_way"]["user"] == ["bob"]
    assert corp.post("externalcontact/del_contact_way", config)["errcode"] == 0
    assert corp.post("externalcontact/get_contact_way", config)["errcode"] == 41044
    for wrong, code in (({}, 41037), ({"type": 1}, 41038), ({"type": 3, "scene": 2}, 41039)):
        assert corp.post("externalcontact/add_contact_way", wrong)["errcode"] == code


def test_contact_way_limits(empty: Client) -> None:
    crowd = [{"userid": f"u{n:03d}", "name": "员工", "department": [1]} for n in range(101)]
    empty.control("world", small_world() | {"members": [*small_world()["members"], *crowd]})
    users = [row["userid"] for row in crowd]
    add = "externalcontact/add_contact_way"
    body = {"type": 2, "scene": 2, "user": users[:100]}
    assert empty.post(add, body)["errcode"] == 0
    for wrong, code in (
        ({"user": users}, 40058),
        ({"user": []}, 40063),
        ({"user": ["nobody"]}, 60111),
        ({"user": users[:1], "party": [99]}, 60123),
        ({"state": "长" * 31}, 40058),
        ({"remark": "长" * 31}, 40058),
        ({"type": 1, "user": users[:2]}, 40058),
    ):
        assert empty.post(add, body | wrong)["errcode"] == code, wrong
    for path in ("get", "update", "del"):
        assert empty.post(f"externalcontact/{path}_contact_way", {})["errcode"] == 41043
        unknown = {"config_id": "x"}
        assert empty.post(f"externalcontact/{path}_contact_way", unknown)["errcode"] == 41044


def test_an_exclusive_code_gives_one_member_and_stays_exclusive(corp: Client) -> None:
    body = {"type": 2, "scene": 2, "user": ["Alice", "bob"], "is_exclusive": True, "state": "x"}
    config = {"config_id": corp.post("externalcontact/add_contact_way", body)["config_id"]}
    joined = corp.act("scan", **config, name="钱女士")
    again = {"action": "scan", **config, "external_userid": joined["external_userid"]}
    assert "专属活码" in corp.refused("act", again)
    corp.post("externalcontact/update_contact_way", {**config, "is_exclusive": False})
    shown = corp.post("externalcontact/get_contact_way", config)["contact_way"]
    assert shown["is_exclusive"] is True
    gone = corp.post("externalcontact/update_contact_way", {**config, "user": ["bob"]})
    assert gone["errcode"] == 0
    assert corp.act("scan", **config, name="孙先生")["userid"] == "bob"


def test_ten_thousand_contacts_load_quickly(empty: Client) -> None:
    world = small_world(10_000)
    started = time.monotonic()
    counts = empty.control("world", world)
    # Generous: the point is "seconds, not minutes", on a busy machine too.
    assert time.monotonic() - started < 15
    assert counts["contacts"] == 10_000
    assert len(empty.get("externalcontact/list", userid="alice")["external_userid"]) == 10_000
