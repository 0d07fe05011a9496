"""What is sent, shown and intercepted."""

import json
import re
import time

from channels.providers.wecom.api import WeCom, intercept, media
from tests.channels.wecom.stories.common import PNG, group_of, refused
from tests.factories.wecom import Corp


def _welcome_code(corp: Corp) -> str:
    newest = corp.get("callbacks", event="change_external_contact")["callbacks"][0]
    found = re.search(r"WelcomeCode[^A-Za-z0-9]+(?:CDATA\[)?([\w-]+)", json.dumps(newest))
    assert found
    return found[1]


def welcome(api: WeCom, corp: Corp) -> None:
    picture = api.media.upload("image", PNG)
    refused(41050, lambda: api.welcome.send("WrongCode", "欢迎"))
    new = corp.act("customer_add", userid="bob", name="新客")["external_userid"]
    code = _welcome_code(corp)
    api.welcome.send(code, "欢迎", [{"msgtype": "image", "image": {"media_id": picture}}])
    kinds = corp.get("messages", external_userid=new)["messages"]
    assert [row["msgtype"] for row in kinds] == ["text", "image"]
    refused(41051, lambda: api.welcome.send(code, "欢迎"))
    template = api.welcome.add_for_groups(
        "%NICKNAME% 您好", {"msgtype": "image", "image": {"media_id": picture}}, notify=False
    )
    shown = api.welcome.for_groups(template)
    assert (shown["text"]["content"], shown["notify"]) == ("%NICKNAME% 您好", 0)
    assert shown["image"]["pic_url"]
    link = {"msgtype": "link", "link": {"title": "活动", "url": "https://bank.example/"}}
    api.welcome.edit_for_groups(template, "您好", link)  # type: ignore[arg-type]
    assert api.welcome.for_groups(template)["link"]["title"] == "活动"
    api.welcome.delete_for_groups(template)
    refused(41058, lambda: api.welcome.for_groups(template))


def mass_send(api: WeCom, corp: Corp) -> None:
    now = int(time.time())
    picture = api.media.upload("image", PNG)
    msgid, failed = api.mass_send.add(
        "利率提示",
        [{"msgtype": "image", "image": {"media_id": picture}}],
        sender="alice",
        recipients=["wmC00000001", "wmC00000003"],
        allow_select=True,
    )
    assert failed == ["wmC00000003"]
    task = next(row for row in corp.tasks() if row["msgid"] == msgid)
    assert task["allow_select"] is True
    assert msgid in {row["msgid"] for row in api.mass_send.rows(now - 60, now + 60)}
    api.mass_send.remind(msgid)
    assert api.mass_send.members(msgid)[0]["status"] == 0
    corp.act("confirm_all", msgid=msgid)
    assert api.mass_send.members(msgid)[0]["status"] != 0
    assert [row["status"] for row in api.mass_send.results(msgid, "alice")] == [1]
    refused(97611, lambda: api.mass_send.cancel(msgid))
    tag = api.tags.add(["定投"], group_name="产品")["tag"][0]["id"]
    api.tags.mark("bob", "wmC00000003", add=[tag])
    by_tag, _ = api.mass_send.add("定投", sender="bob", tag_filter=[[tag]])
    assert [row["external_userid"] for row in api.mass_send.results(by_tag, "bob")] == [
        "wmC00000003"
    ]
    chat = group_of(corp, "amy")
    to_group, _ = api.mass_send.add_for_groups("群通知", sender="amy", chat_ids=[chat])
    api.mass_send.cancel(to_group)
    refused(41093, lambda: api.mass_send.remind(to_group))


def moments(api: WeCom, corp: Corp) -> None:
    now = int(time.time())
    picture = api.media.upload_attachment("image", media.FOR_MOMENTS, PNG)
    job = api.moments.add(
        "早安",
        [{"msgtype": "image", "image": {"media_id": picture}}],
        senders={"user_list": ["alice"]},
    )
    done = api.moments.job(job)
    moment = done["result"]["moment_id"]
    assert [row["moment_id"] for row in api.moments.rows(now - 60, now + 60)] == [moment]
    assert api.moments.members(moment) == [{"userid": "alice", "publish_status": 0}]
    assert "wmC00000001" in api.moments.audience(moment, "alice")
    refused(41062, lambda: api.moments.visible_to(moment, "alice"))
    corp.act("moment_publish", moment_id=moment, userid="alice")
    corp.act(
        "moment_react",
        moment_id=moment,
        userid="alice",
        external_userid="wmC00000001",
        kind="like",
    )
    assert "wmC00000001" in api.moments.visible_to(moment, "alice")
    comments, likes = api.moments.reactions(moment, "alice")
    assert (comments, [row["external_userid"] for row in likes]) == ([], ["wmC00000001"])
    refused(97612, lambda: api.moments.cancel(moment))


def album(api: WeCom, corp: Corp) -> None:
    picture = api.media.upload_attachment("image", media.FOR_ALBUM, PNG)
    product = api.album.add("稳健理财", 100, [picture], "SN1")
    api.album.update(product, description="稳健理财 2 号", price=200, number="SN2")
    shown = api.album.one(product)
    assert (shown["description"], shown["price"], shown["product_sn"]) == (
        "稳健理财 2 号",
        200,
        "SN2",
    )
    assert product in [row["product_id"] for row in api.album.rows()]
    api.album.delete(product)
    refused(41074, lambda: api.album.one(product))


def intercepts(api: WeCom, corp: Corp) -> None:
    everybody = {"user_list": ["alice"]}
    rule = api.intercept.add(
        "保本",
        ["保本保息"],
        intercept.BLOCK,
        everybody,  # type: ignore[arg-type]
        semantics=[intercept.MOBILE],
    )
    assert api.intercept.one(rule)["extra_rule"] == {"semantics_list": [1]}
    api.intercept.update(
        rule,
        name="承诺收益",
        words=["稳赚"],
        kind=intercept.WARN,
        semantics=[],
        add={"user_list": ["amy"]},
        remove={"user_list": ["alice"]},
    )
    shown = api.intercept.one(rule)
    assert (shown["rule_name"], shown["word_list"], shown["intercept_type"]) == (
        "承诺收益",
        ["稳赚"],
        2,
    )
    assert shown["extra_rule"] == {"semantics_list": []}
    assert shown["applicable_range"]["user_list"] == ["amy"]
    assert rule in [row["rule_id"] for row in api.intercept.rows()]
    api.intercept.delete(rule)
    refused(41071, lambda: api.intercept.one(rule))


def messages(api: WeCom, corp: Corp) -> None:
    api.messages.markdown(["alice"], "**提醒**")
    api.messages.text_card(["alice"], "待办", "3 项", "https://bank.example/")
    api.messages.news(["alice"], [{"title": "周报", "url": "https://bank.example/"}])
    api.messages.media(["alice"], "image", api.media.upload("image", PNG))
    api.messages.send("text", {"content": "一次"}, departments=[1], once=True)
    partly = api.messages.text(["alice", "nobody"], "您好")
    assert partly["invaliduser"] == "nobody"
    refused(81013, lambda: api.messages.text(["nobody"], "您好"))
    api.messages.recall(partly["msgid"])
    refused(40058, lambda: api.messages.recall("unknown"))
    card = {
        "card_type": "button_interaction",
        "task_id": "t1",
        "main_title": {"title": "审批"},
        "button_list": [{"text": "同意", "key": "yes"}],
    }
    code = api.messages.card(["alice"], card)["response_code"]
    assert api.messages.finish_card(code, ["alice", "nobody"], "已同意") == ["nobody"]
    refused(40058, lambda: api.messages.replace_card(code, ["alice"], card))
    assert api.messages.statistics()[0]["count"] > 0
    assert api.messages.statistics(yesterday=True)[0]["count"] == 0


def files(api: WeCom, corp: Corp) -> None:
    kept = api.media.download(api.media.upload("image", PNG))
    assert (kept.content, kept.content_type) == (PNG.content, "image/png")
    assert api.media.upload_image(PNG).startswith("http")
    refused(40007, lambda: api.media.download("unknown"))
    wrong_door = api.media.upload("image", PNG)
    refused(40007, lambda: api.album.add("商品", 1, [wrong_door]))
