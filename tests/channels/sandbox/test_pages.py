"""The pages say what they are, load nothing from elsewhere, and their API answers."""

from __future__ import annotations

import re

import pytest
import requests

from .harness import Client


@pytest.mark.parametrize(
    "path", ["/sandbox/", "/sandbox/phone/alice", "/sandbox/static/overview.js", "/sandbox"]
)
def test_pages_are_self_contained(corp: Client, path: str) -> None:
    page = requests.get(corp.base + path, timeout=5)
    assert page.status_code == 200
    assert not re.search(r"""(?:src|href|from|url)\s*[=(]?\s*["']?https?://""", page.text)
    if not path.endswith(".js"):
        assert "这是企业微信模拟器，不会向任何真人发送消息" in page.text


def test_only_known_files_are_served(corp: Client) -> None:
    for path in ("/sandbox/static/../pages.py", "/sandbox/static/pages.py", "/sandbox/media/x"):
        assert requests.get(corp.base + path, timeout=5).status_code == 404


def test_pictures(corp: Client) -> None:
    way = corp.post("externalcontact/add_contact_way", {"type": 1, "scene": 2, "user": ["bob"]})
    code = requests.get(way["qr_code"], timeout=5)
    assert code.headers["Content-Type"] == "image/svg+xml" and b"<svg" in code.content
    found = corp.get("externalcontact/get", external_userid="wm00000")
    avatar = requests.get(found["external_contact"]["avatar"], timeout=5)
    assert "客" in avatar.text


def test_phone_and_overview_data(corp: Client) -> None:
    link = {"msgtype": "link", "link": {"title": "活动", "url": "https://bank.example/a"}}
    body = {"sender": "alice", "text": {"content": "您好"}, "attachments": [link]}
    corp.post("externalcontact/add_msg_template", body)
    phone = corp.control("phone/alice")
    task = phone["tasks"][0]
    assert (task["text"], task["recipients"], len(task["names"])) == ("您好", 7, 3)
    assert corp.control("members?q=王")["members"][0]["waiting"] == 1
    summary = corp.control("tasks?summary=1")["tasks"][0]
    assert (summary["recipients"], summary["confirmed"]) == (7, 0)
    corp.act("confirm_all")
    assert len(corp.control("phone/alice")["chats"]) == 7
    assert corp.control("stats")["mass"]["sent"] == 7
    assert corp.control("customers?userid=bob&q=客户1")["total"] == 1
    rows = corp.control(f"tasks?msgid={task['msgid']}&rows=1")["tasks"][0]["members"][0]["rows"]
    assert len(rows) == 7
    assert "没有动作" in corp.refused("act", {"action": "dance"})
