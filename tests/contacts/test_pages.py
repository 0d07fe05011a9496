"""The pages at work: masking, the RM's day, the list, the segment editor."""

import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts import panels, timeline
from contacts.models import Customer, Segment, Task
from contacts.timeline import Entry
from scrm.accounts.models import User
from scrm.audit.models import AuditEvent
from tests.factories import cast as factory
from tests.factories.cast import Cast
from tests.factories.contacts import HoldingFactory, TaskFactory, make_tag

SignIn = Callable[[User], Client]
HTMX = {"HTTP_HX_REQUEST": "true"}


def test_phone_and_id_number_are_masked_everywhere(cast: Cast, sign_in: SignIn) -> None:
    Customer.objects.filter(pk=cast.wang.pk).update(id_number="42019919850601002X")
    contact = factory.befriend(cast.wang)
    browser = sign_in(cast.alice)
    for url in (
        "/customers/",
        f"/customers/{cast.wang.pk}/",
        f"/sidebar/{contact.external_userid}/",
        "/api/customers/",
        f"/api/customers/{cast.wang.pk}/",
        "/workbench/",
    ):
        page = browser.get(url).content.decode()
        assert cast.wang.phone not in page
        assert "42019919850601002X" not in page


def test_unmasking_asks_why_and_is_recorded(cast: Cast, sign_in: SignIn) -> None:
    browser, url = sign_in(cast.alice), f"/customers/{cast.wang.pk}/unmask/"
    assert "查看理由" in browser.get(f"{url}?field=phone").content.decode()
    refused = browser.post(url, {"field": "phone", "reason": "看"}, **HTMX).content.decode()
    assert cast.wang.phone not in refused
    assert not AuditEvent.objects.filter(action="customer.unmask").exists()
    shown = browser.post(url, {"field": "phone", "reason": "核对预约电话"}, **HTMX)
    assert cast.wang.phone in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    event = AuditEvent.objects.get(action="customer.unmask")
    assert (event.reason, event.actor_id) == ("核对预约电话", cast.alice.pk)
    assert cast.wang.phone not in str(event.after)


def test_opening_a_customer_is_recorded(cast: Cast, sign_in: SignIn) -> None:
    sign_in(cast.officer).get(f"/customers/{cast.wang.pk}/")
    event = AuditEvent.objects.get(action="customer.view")
    assert event.actor_id == cast.officer.pk
    assert cast.wang.name not in event.object_label


def test_the_day_is_ranked_and_shrinks(cast: Cast, sign_in: SignIn) -> None:
    low = TaskFactory(customer=cast.wang, reason="生日快到了", priority=1)
    high = TaskFactory(customer=cast.wang, reason="大额转出", priority=9)
    TaskFactory(customer=cast.zhao, reason="同事的客户")
    browser = sign_in(cast.alice)
    page = browser.get("/workbench/").content.decode()
    assert page.index("大额转出") < page.index("生日快到了")
    assert "同事的客户" not in page
    after = browser.post(f"/tasks/{high.pk}/complete/", {"note": "已挽留"}, **HTMX).content.decode()
    assert "大额转出" not in after
    assert "生日快到了" in after
    assert "请" in browser.post(f"/tasks/{high.pk}/complete/", {}, **HTMX).content.decode()
    browser.post(f"/tasks/{low.pk}/snooze/", {"days": 3}, **HTMX)
    assert "今天的待办都处理完了" in browser.get("/workbench/").content.decode()


def test_a_form_goes_back_only_to_our_own_pages(cast: Cast, sign_in: SignIn) -> None:
    browser, here = sign_in(cast.alice), f"/customers/{cast.wang.pk}/"
    url = f"{here}follow-ups/"
    assert browser.post(url, {"text": "好", "next": "/workbench/"})["Location"] == "/workbench/"
    assert browser.post(url, {"text": "好", "next": "https://evil.example/"})["Location"] == here


def test_tags_are_changed_in_place(cast: Cast, sign_in: SignIn) -> None:
    tag, browser = make_tag("黄金"), sign_in(cast.alice)
    url = f"/customers/{cast.wang.pk}/tags/"
    assert ">黄金</span>" in browser.post(url, {"tag": tag.pk}, **HTMX).content.decode()
    assert (
        "还没有标签"
        in browser.post(url, {"tag": tag.pk, "action": "remove"}, **HTMX).content.decode()
    )
    assert "标签：" in browser.post(url, {"tag": "0"}, **HTMX).content.decode()


def test_upper_apps_fill_timeline_and_panels(
    cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sent(customer: Customer, limit: int) -> list[Entry]:
        return [Entry(timezone.now(), "campaign", "活动：秋季理财")]

    monkeypatch.setattr(timeline, "PROVIDERS", [*timeline.PROVIDERS, sent])

    def chip(user: User, customer: Customer | None) -> panels.Panel:
        context = {"title": "联系额度", "value": 3, "icon_name": "phone", "colour": "blue"}
        return panels.Panel("contacts/_counter.html", context)

    monkeypatch.setitem(panels._SOURCES, "customer_side", [chip, lambda user, customer: None])
    browser, url = sign_in(cast.alice), f"/customers/{cast.wang.pk}/"
    page = browser.get(url).content.decode()
    assert "活动：秋季理财" in page
    assert "联系额度" in page
    assert "活动：秋季理财" in browser.get(f"{url}timeline/?kind=campaign").content.decode()
    assert "活动：秋季理财" not in browser.get(f"{url}timeline/?kind=trade").content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=王", {"王芳"}),
        ("q=芳", set()),
        ("q=C00000002", {"赵磊"}),
        ("q=+86 138-0000-0001", {"王芳"}),
        ("q=1380000", set()),
        ("tier=private", {"赵磊"}),
        ("tier=private&tier=gold", {"王芳", "赵磊"}),
        ("tier=nonsense", {"王芳", "赵磊"}),
        ("maturing=30", {"王芳"}),
        ("maturing=7", set()),
        ("segment=999999", set()),
        ("sort=password", {"王芳", "赵磊"}),
        ("page=-5", {"王芳", "赵磊"}),
    ],
)
def test_the_list_answers_questions(
    cast: Cast, sign_in: SignIn, query: str, found: set[str]
) -> None:
    Customer.objects.filter(pk=cast.zhao.pk).update(tier="private")
    soon = timezone.localdate() + timezone.timedelta(days=20)
    HoldingFactory(customer=cast.wang, matures_on=soon)
    page = sign_in(cast.admin).get(f"/customers/?{query.replace('+', '%2B')}").content.decode()
    assert {name for name in ("王芳", "赵磊") if name in page} == found


def _queries(browser: Client, url: str) -> int:
    browser.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(url).status_code == 200
    return len(captured)


def test_lists_do_not_ask_more_for_more_rows(cast: Cast, sign_in: SignIn) -> None:
    alice, admin = sign_in(cast.alice), sign_in(cast.admin)
    pages = [
        (alice, "/customers/"), (alice, "/workbench/"), (admin, "/segments/"),
        (admin, "/api/customers/"), (alice, f"/customers/{cast.wang.pk}/"),
    ]  # fmt: skip
    _grow(cast, 1)
    few = [_queries(browser, url) for browser, url in pages]
    _grow(cast, 200)
    many = [_queries(browser, url) for browser, url in pages]
    assert many == few


def _grow(cast: Cast, count: int) -> None:
    by_tag = {"attr": "tag", "op": "has", "value": [make_tag(f"标签{count}").pk]}
    for n in range(count):
        row = factory.customer(cast.alice, f"C{count:04d}{n:04d}", f"客户{n}")
        TaskFactory(customer=row)
        Segment.objects.create(
            name=f"{count}-{n}", owner=cast.admin, branch=cast.beijing,
            rule=by_tag if n % 2 == 0 else {"attr": "aum", "op": ">=", "value": n},
        )  # fmt: skip
        TaskFactory(customer=cast.wang)
        HoldingFactory(customer=cast.wang)


def test_a_segment_is_made_by_one_post(cast: Cast, sign_in: SignIn) -> None:
    browser = sign_in(cast.admin)
    rule = {"all": [{"attr": "tier", "op": "in", "value": ["gold"]}]}
    data = {"name": "金卡", "description": "", "rule": json.dumps(rule)}
    answer = browser.post("/segments/new/", data)
    row = Segment.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/segments/{row.pk}/"
    assert (row.rule, row.branch, row.owner) == (rule, cast.beijing, cast.admin)
    assert 'data-count="2"' in browser.get(answer["Location"]).content.decode()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ('{"attr": "shoes", "op": "=", "value": 1}', "不认识的条件"),
        ("{not json", "不是有效的 JSON"),
        ("[" * 5000, "不是有效的 JSON"),
        ("", "规则"),
    ],
)
def test_a_bad_rule_is_answered_in_words(
    cast: Cast, sign_in: SignIn, rule: str, words: str
) -> None:
    browser = sign_in(cast.admin)
    answer = browser.post("/segments/new/", {"name": "坏", "rule": rule})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Segment.objects.exists()
    preview = browser.post("/segments/preview/", {"rule": rule}, **HTMX)
    assert preview.status_code == 200
    assert "data-count" not in preview.content.decode()


def test_preview_counts_exactly(cast: Cast, sign_in: SignIn) -> None:
    rule = json.dumps({"not": {"attr": "gender", "op": "in", "value": ["M"]}})
    page = sign_in(cast.hq).post("/segments/preview/", {"rule": rule}, **HTMX).content.decode()
    assert 'data-count="2"' in page
    assert "不满足（性别是男）的客户" in page


def test_editing_a_segment_keeps_what_was_refused(cast: Cast, sign_in: SignIn) -> None:
    row = Segment.objects.create(
        name="旧",
        rule={"attr": "aum", "op": ">=", "value": 1},
        owner=cast.admin,
        branch=cast.beijing,
    )
    browser = sign_in(cast.admin)
    bad = {"name": "新", "rule": '{"all": []}'}
    assert "是空的" in browser.post(f"/segments/{row.pk}/edit/", bad).content.decode()
    good = {"name": "新", "rule": '{"attr": "aum", "op": "<", "value": 5}'}
    assert browser.post(f"/segments/{row.pk}/edit/", good).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.rule["op"]) == ("新", "<")
    event = AuditEvent.objects.get(action="segment.update")
    assert event.before["rule"]["op"] == ">="


def test_done_tasks_leave_the_customers_page(cast: Cast, sign_in: SignIn) -> None:
    task = TaskFactory(customer=cast.wang, reason="要做的事")
    browser, url = sign_in(cast.alice), f"/customers/{cast.wang.pk}/"
    assert "要做的事" in browser.get(url).content.decode()
    assert (
        browser.post(f"/tasks/{task.pk}/skip/", {"reason": "客户出国", "next": url})["Location"]
        == url
    )
    assert Task.objects.get(pk=task.pk).note == "客户出国"
    assert "要做的事" not in browser.get(url).content.decode()
