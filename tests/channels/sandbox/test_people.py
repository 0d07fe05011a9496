"""Simulated people."""

from __future__ import annotations

from pathlib import Path

from .harness import Client, Server, small_world, wait_for

RATES = {"confirm_rate": 1, "reply_rate": 1, "answer_rate": 1, "click_rate": 0, "delete_rate": 0}


def busy(client: Client, **changes: float) -> None:
    client.control("people", {"enabled": True, "speed": 1000, **RATES, **changes})


def test_members_confirm_customers_answer(corp: Client) -> None:
    busy(corp, answer_rate=0)
    body = {"sender": "bob", "text": {"content": "新客理财"}}
    msgid = corp.post("externalcontact/add_msg_template", body)["msgid"]
    wait_for(lambda: len(corp.control(f"received?msgid={msgid}")["received"]) == 2)
    wait_for(lambda: corp.control("people")["done"].get("customer_says") == 2)
    lines = corp.control("conversation?userid=bob&external_userid=wm00001")["messages"]
    assert [line["from"] for line in lines] == ["bob", "wm00001"]


def test_risky_answers_follow_the_rate(corp: Client) -> None:
    busy(corp, risky_rate=1, reply_rate=0)
    corp.act("say", **{"from": "wm00001", "to": "bob", "text": "有什么好产品"})
    wait_for(lambda: corp.control("people")["done"].get("risky") == 1)


def test_disabled_people_do_nothing(corp: Client) -> None:
    corp.control("people", {"enabled": False, **RATES})
    corp.post("externalcontact/add_msg_template", {"sender": "bob", "text": {"content": "x"}})
    corp.advance(100_000)
    assert corp.control("people")["planned"] == 0
    assert "没有模拟人群设置" in corp.refused("people", {"mood": 1})
    assert "speed" in corp.refused("people", {"speed": 0})


def test_same_seed_same_story(tmp_path: Path) -> None:
    stories = []
    for name in ("one", "two"):
        with Server(tmp_path / name) as client:
            client.control("world", small_world(20))
            busy(client, seed=42, confirm_rate=0.5, reply_rate=0.5, answer_rate=0)
            body = {"sender": "alice", "text": {"content": "x"}}
            for _ in range(6):
                client.post("externalcontact/add_msg_template", body)
            wait_for(lambda: client.control("people")["planned"] == 0, 10)
            stories.append(client.control("people")["done"])
    assert stories[0] == stories[1] and stories[0]["confirm"] < 6


def test_waiting_tasks_are_picked_up_when_enabled(corp: Client) -> None:
    corp.post("externalcontact/add_msg_template", {"sender": "bob", "text": {"content": "x"}})
    busy(corp, reply_rate=0)
    wait_for(lambda: corp.control("people")["done"].get("confirm") == 1)
