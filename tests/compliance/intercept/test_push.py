"""What the clients of the staff end up with at WeCom, whatever happens on the way."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels.providers.wecom.api import wecom
from compliance.intercept import push
from compliance.lexicons import lexicon_activate, lexicon_import_csv
from compliance.models import InterceptRule, LexiconVersion
from scrm.accounts.models import User
from tests.factories.cast import Cast
from tests.factories.wecom import Corp

ADD = "externalcontact/add_intercept_rule"
UPDATE = "externalcontact/update_intercept_rule"
DELETE = "externalcontact/del_intercept_rule"
SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _on(settings: Any) -> None:
    settings.INTERCEPT_DEPARTMENTS = "1"


def at_wecom() -> dict[str, dict]:
    rules = [wecom().intercept.one(row["rule_id"]) for row in wecom().intercept.rows()]
    return {rule["rule_name"]: rule for rule in rules}


def calls(corp: Corp) -> list[int]:
    made = corp.get("stats")["calls"]
    return [made.get(path, 0) for path in (ADD, UPDATE, DELETE)]


def change(cast: Cast, text: str = "", removed: tuple[str, ...] = ()) -> None:
    draft = lexicon_import_csv(text=text, note="改", actor=cast.officer, removed=removed)
    lexicon_activate(version=draft, actor=cast.officer_head)


def again() -> int:
    """As if the pause after a failure were over."""
    InterceptRule.objects.exclude(push_at=None).update(push_at=timezone.now())
    return push.run()


def words() -> set[str]:
    active = LexiconVersion.objects.get(state="active")
    return {term.text for term in active.terms.filter(kind="risk")}


def test_the_lexicon_in_force_is_pushed_once(cast: Cast, corp: Corp) -> None:
    assert push.run() == InterceptRule.objects.count() > 10
    there = at_wecom()
    assert {word for rule in there.values() for word in rule["word_list"]} == words()
    assert {rule["intercept_type"] for rule in there.values()} == {1}
    assert there["SCRM 辱骂与威胁 拦截1"]["applicable_range"]["department_list"] == [1]
    before = calls(corp)
    assert before == [len(there), 0, 0]
    assert push.run() == 0
    assert calls(corp) == before
    assert set(InterceptRule.objects.values_list("state", "error")) == {("pushed", "")}


def test_the_client_really_blocks_and_warns(cast: Cast, corp: Corp) -> None:
    change(cast, "火星计划,abuse,2\n")
    push.run()
    assert at_wecom()["SCRM 辱骂与威胁 提醒1"]["intercept_type"] == 2
    corp.act("say", **{"from": "alice", "to": "wmC00000001", "text": "说说火星计划"})
    with pytest.raises(requests.HTTPError) as refused:
        corp.act("say", **{"from": "alice", "to": "wmC00000001", "text": "你是傻逼"})
    assert "辱骂与威胁 拦截1" in refused.value.response.json()["error"]
    assert corp.received("wmC00000001") == ["说说火星计划"]


def test_a_changed_word_updates_one_rule(cast: Cast, corp: Corp) -> None:
    push.run()
    added, _, _ = calls(corp)
    change(cast, "火星计划,abuse,3\n", removed=("傻逼",))
    assert push.run() == 1
    assert calls(corp) == [added, 1, 0]
    there = at_wecom()["SCRM 辱骂与威胁 拦截1"]["word_list"]
    assert "火星计划" in there
    assert "傻逼" not in there


def test_an_empty_group_is_deleted(cast: Cast, corp: Corp) -> None:
    change(cast, "火星计划,abuse,2\n")
    push.run()
    added, _, _ = calls(corp)
    change(cast, removed=("火星计划",))
    assert push.run() == 1
    assert calls(corp) == [added, 0, 1]
    assert "SCRM 辱骂与威胁 提醒1" not in at_wecom()
    assert not InterceptRule.objects.filter(name="SCRM 辱骂与威胁 提醒1").exists()


@pytest.mark.parametrize("fault", ["drop_after", "drop_before"])
def test_a_lost_answer_makes_no_second_rule(cast: Cast, corp: Corp, fault: str) -> None:
    corp.fault(fault, ADD)
    push.run()
    lost = InterceptRule.objects.exclude(state="pushed").get()
    assert (lost.state, lost.rule_id) == ("uncertain", "")
    assert lost.error
    assert again() == 1
    lost.refresh_from_db()
    assert (lost.state, lost.error) == ("pushed", "")
    there = wecom().intercept.rows()
    assert len(there) == InterceptRule.objects.count()
    assert wecom().intercept.one(lost.rule_id)["word_list"] == lost.words


def test_words_that_changed_while_the_answer_was_lost_arrive(cast: Cast, corp: Corp) -> None:
    corp.fault("drop_after", ADD)
    push.run()
    lost = InterceptRule.objects.exclude(state="pushed").get()
    gone = lost.words[0]
    change(cast, removed=(gone,))
    again()
    there = at_wecom()
    assert gone not in there[lost.name]["word_list"]
    assert len(there) == InterceptRule.objects.count()


def test_a_rule_whose_row_was_lost_is_taken_over(cast: Cast, corp: Corp) -> None:
    push.run()
    InterceptRule.objects.all().delete()
    push.run()
    again()
    assert len(at_wecom()) == InterceptRule.objects.filter(state="pushed").count()


def test_rules_of_others_are_left_alone(cast: Cast, corp: Corp, settings: Any) -> None:
    theirs = wecom().intercept.add("合规部自建", ["别的词"], 1, {"department_list": [1]})
    push.run()
    change(cast, removed=("傻逼",))
    push.run()
    settings.INTERCEPT_DEPARTMENTS = ""
    push.run()
    assert [row["rule_id"] for row in wecom().intercept.rows()] == [theirs]
    assert wecom().intercept.one(theirs)["word_list"] == ["别的词"]
    assert not InterceptRule.objects.exists()


def test_other_departments_reach_the_same_rule(cast: Cast, corp: Corp, settings: Any) -> None:
    corp.post("world", {"departments": [{"id": 7, "name": "分行", "parentid": 1}]})
    push.run()
    added, _, _ = calls(corp)
    settings.INTERCEPT_DEPARTMENTS = "7"
    push.run()
    ranges = [rule["applicable_range"]["department_list"] for rule in at_wecom().values()]
    assert ranges == [[7]] * added
    assert calls(corp) == [added, added, 0]


def test_what_somebody_deleted_at_wecom_is_made_anew(cast: Cast, corp: Corp) -> None:
    push.run()
    rule = InterceptRule.objects.first()
    wecom().intercept.delete(rule.rule_id)
    assert push.check() == 1
    push.run()
    assert at_wecom()[rule.name]["word_list"] == rule.words
    assert push.check() == 0


def test_an_update_of_a_deleted_rule_makes_it_anew(cast: Cast, corp: Corp) -> None:
    push.run()
    wecom().intercept.delete(InterceptRule.objects.get(name="SCRM 辱骂与威胁 拦截1").rule_id)
    change(cast, removed=("傻逼",))
    push.run()
    assert "傻逼" not in at_wecom()["SCRM 辱骂与威胁 拦截1"]["word_list"]


def test_a_refusal_is_shown_and_tried_again_by_hand(
    cast: Cast, corp: Corp, sign_in: SignIn
) -> None:
    corp.fault("errcode", ADD, 41069)
    push.run()
    rule = InterceptRule.objects.get(state="failed")
    client, url = sign_in(cast.officer), reverse("compliance:lexicons")
    html = client.get(url).content.decode()
    assert "敏感词规则已达 100 条" in html
    assert push.run() == 0
    assert sign_in(cast.auditor).post(reverse("compliance:intercept_retry")).status_code == 403
    client.post(reverse("compliance:intercept_retry"))
    assert push.run() == 1
    rule.refresh_from_db()
    assert rule.state == "pushed"
    assert "立即重试" not in client.get(url).content.decode()


def test_the_pages_show_where_each_word_acts(cast: Cast, corp: Corp, sign_in: SignIn) -> None:
    change(cast, f"火星计划,abuse,2\n{'长' * 33},abuse,3\n")
    client = sign_in(cast.officer)
    version = LexiconVersion.objects.get(state="active")
    url = reverse("compliance:lexicon", args=[version.pk]) + "?category=abuse"
    push.refresh()
    assert "等待推送" in client.get(url).content.decode()
    push.run()
    html = client.get(url).content.decode()
    assert all(text in html for text in ("客户端拦截", "客户端提醒", "事后发现", "超过 32 个字"))
    rows = client.get(reverse("compliance:lexicons")).context["categories"]
    abuse = next(row for row in rows if row["code"] == "abuse")
    assert (abuse["blocked"], abuse["warned"], abuse["after"]) == (14, 1, 1)


def test_switched_off_nothing_is_pushed_and_the_page_says_so(
    cast: Cast, corp: Corp, sign_in: SignIn, settings: Any
) -> None:
    settings.INTERCEPT_DEPARTMENTS = ""
    assert push.run() == 0
    html = sign_in(cast.officer).get(reverse("compliance:lexicons")).content.decode()
    assert "客户端规则未开启" in html
    assert wecom().intercept.rows() == []
