"""Moments, product album and intercept rules."""

from __future__ import annotations

from typing import Any

import requests

from channels.sandbox.state.media import tiny_png

from .harness import Client


def attachment(client: Client) -> str:
    answer = requests.post(
        f"{client.base}/cgi-bin/media/upload_attachment?media_type=image&attachment_type=1"
        f"&access_token={client.token()}",
        files={"media": ("a.png", tiny_png())},
        timeout=10,
    )
    return str(answer.json()["media_id"])


def moment_task(client: Client, **fields: Any) -> dict[str, Any]:
    body = {"text": {"content": "投教小课堂"}, **fields}
    return client.post("externalcontact/add_moment_task", body)


def test_moment_from_job_to_likes(corp: Client) -> None:
    image = {"msgtype": "image", "image": {"media_id": attachment(corp)}}
    scope = {
        "sender_list": {"user_list": ["bob", "ghost"]},
        "external_contact_list": {"tag_list": ["et_gold", "etx"]},
    }
    jobid = moment_task(corp, attachments=[image], visible_range=scope)["jobid"]
    path = "externalcontact/get_moment_task_result"
    assert corp.get(path, jobid=jobid)["status"] == 1
    corp.advance(2)
    assert corp.get(path, jobid=jobid)["status"] == 2
    corp.advance(2)
    done = corp.get(path, jobid=jobid)
    assert done["status"] == 3
    result = done["result"]
    assert result["invalid_sender_list"]["user_list"] == ["ghost"]
    assert result["invalid_external_contact_list"]["tag_list"] == ["etx"]
    key = {"moment_id": result["moment_id"]}
    mine = {**key, "userid": "bob"}
    tasks = corp.post("externalcontact/get_moment_task", key)["task_list"]
    assert tasks == [{"userid": "bob", "publish_status": 0}]
    assert corp.post("externalcontact/get_moment_send_result", mine)["errcode"] == 41062
    corp.act("customer_delete", userid="bob", external_userid="wm00001")
    corp.act("moment_publish", **mine)
    chosen = corp.post("externalcontact/get_moment_customer_list", mine)["customer_list"]
    assert len(chosen) == 2
    seen = corp.post("externalcontact/get_moment_send_result", mine)["customer_list"]
    assert seen == [{"external_userid": "wm00000"}]
    corp.act("moment_react", **mine, external_userid="wm00000", kind="like")
    likes = corp.post("externalcontact/get_moment_comments", mine)["like_list"]
    assert [row["external_userid"] for row in likes] == ["wm00000"]
    stranger = {**key, "userid": "alice"}
    assert corp.post("externalcontact/get_moment_comments", stranger)["errcode"] == 41061
    assert corp.post("externalcontact/cancel_moment_task", key)["errcode"] == 97612
    now = int(corp.control("clock")["now"])
    window = {"start_time": now - 100, "end_time": now}
    assert len(corp.post("externalcontact/get_moment_list", window)["moment_list"]) == 1


def test_moment_refusals(corp: Client) -> None:
    image = {"msgtype": "image", "image": {"media_id": "unknown"}}
    link = {"msgtype": "link", "link": {"title": "t", "url": "https://bank.example"}}
    assert moment_task(corp, text={})["errcode"] == 41089
    assert moment_task(corp, attachments=[image, link])["errcode"] == 41067
    assert moment_task(corp, attachments=[link, link])["errcode"] == 41064
    assert moment_task(corp, attachments=[image])["errcode"] == 40007
    assert corp.post("externalcontact/get_moment_task", {})["errcode"] == 41059
    assert corp.post("externalcontact/get_moment_task", {"moment_id": "m"})["errcode"] == 41060


def test_product_album(corp: Client) -> None:
    picture = [{"type": "image", "image": {"media_id": attachment(corp)}}]
    body = {"description": "纪念金条", "price": 50_000, "attachments": picture}
    key = {"product_id": corp.post("externalcontact/add_product_album", body)["product_id"]}
    corp.post("externalcontact/update_product_album", {**key, "price": 1})
    assert corp.post("externalcontact/get_product_album", key)["product"]["price"] == 1
    assert len(corp.post("externalcontact/get_product_album_list", {})["product_list"]) == 1
    corp.post("externalcontact/delete_product_album", key)
    assert corp.post("externalcontact/get_product_album", key)["errcode"] == 41074
    for change, code in (
        ({"description": ""}, 41073),
        ({"price": -1}, 41086),
        ({"product_sn": "中"}, 41085),
        ({"attachments": []}, 41088),
    ):
        answer = corp.post("externalcontact/add_product_album", {**body, **change})
        assert answer["errcode"] == code


def test_intercept_rules_block_in_the_client(corp: Client) -> None:
    body = {
        "rule_name": "保本",
        "word_list": ["保本保息"],
        "semantics_list": [1],
        "intercept_type": 1,
        "applicable_range": {"user_list": [], "department_list": [1]},
    }
    key = {"rule_id": corp.post("externalcontact/add_intercept_rule", body)["rule_id"]}
    rule = corp.post("externalcontact/get_intercept_rule", key)["rule"]
    assert rule["extra_rule"] == {"semantics_list": [1]} and "semantics_list" not in rule
    words = {"action": "say", "from": "bob", "to": "wm00001", "text": "这款保本保息"}
    assert "拦截" in corp.refused("act", words)
    corp.post("externalcontact/update_intercept_rule", {**key, "intercept_type": 2})
    assert corp.control("act", words)["ok"]
    assert corp.post("externalcontact/add_intercept_rule", body)["errcode"] == 41077
    corp.post("externalcontact/del_intercept_rule", key)
    assert corp.post("externalcontact/get_intercept_rule", key)["errcode"] == 41071
    assert corp.get("externalcontact/get_intercept_rule_list")["rule_list"] == []
    for change, code in (
        ({"word_list": []}, 41068),
        ({"word_list": ["长" * 33]}, 41083),
        ({"semantics_list": [9]}, 41084),
        ({"applicable_range": {"user_list": ["ghost"]}}, 41076),
    ):
        assert (
            corp.post("externalcontact/add_intercept_rule", {**body, **change})["errcode"] == code
        )
