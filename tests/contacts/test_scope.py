"""Who sees which customers: what is visible and, as important, what is not."""

from collections.abc import Callable

import pytest
from django.test import Client

from contacts.models import Segment
from scrm.accounts.models import User
from tests.factories.cast import Cast, befriend
from tests.factories.contacts import TaskFactory

SignIn = Callable[[User], Client]
RULE = {"attr": "aum", "op": ">=", "value": 1}


@pytest.mark.parametrize(
    ("who", "sees", "misses"),
    [
        ("alice", ["王芳"], ["赵磊", "李娜"]),
        ("bob", ["李娜"], ["王芳", "赵磊"]),
        ("admin", ["王芳", "赵磊"], ["李娜"]),
        ("hq", ["王芳", "赵磊", "李娜"], []),
    ],
)
@pytest.mark.parametrize("url", ["/customers/", "/api/customers/"])
def test_lists_show_only_what_is_in_scope(
    cast: Cast, sign_in: SignIn, who: str, sees: list[str], misses: list[str], url: str
) -> None:
    page = sign_in(getattr(cast, who)).get(url).content.decode()
    assert all(name in page for name in sees)
    assert not any(name in page for name in misses)


@pytest.mark.parametrize("who", ["officer", "auditor"])
@pytest.mark.parametrize("url", ["/customers/", "/workbench/", "/segments/", "/api/customers/"])
def test_pages_of_others_are_closed(cast: Cast, sign_in: SignIn, who: str, url: str) -> None:
    assert sign_in(getattr(cast, who)).get(url).status_code == 403


@pytest.mark.parametrize("part", ["", "timeline/", "unmask/?field=phone"])
def test_a_foreign_customer_does_not_exist(cast: Cast, sign_in: SignIn, part: str) -> None:
    assert sign_in(cast.alice).get(f"/customers/{cast.wang.pk}/{part}").status_code == 200
    assert sign_in(cast.bob).get(f"/customers/{cast.wang.pk}/{part}").status_code == 404
    assert sign_in(cast.admin_shanghai).get(f"/customers/{cast.wang.pk}/{part}").status_code == 404


@pytest.mark.parametrize("part", ["unmask", "tags", "follow-ups", "consents"])
def test_nothing_is_done_to_a_foreign_customer(cast: Cast, sign_in: SignIn, part: str) -> None:
    assert sign_in(cast.bob).post(f"/customers/{cast.wang.pk}/{part}/").status_code == 404


@pytest.mark.parametrize("part", ["unmask", "tags", "follow-ups", "consents"])
def test_the_officer_reads_only(cast: Cast, sign_in: SignIn, part: str) -> None:
    browser = sign_in(cast.officer)
    page = browser.get(f"/customers/{cast.wang.pk}/")
    assert page.status_code == 200
    assert "保存跟进" not in page.content.decode()
    assert browser.post(f"/customers/{cast.wang.pk}/{part}/").status_code == 403
    assert browser.get(f"/customers/{cast.li.pk}/").status_code == 404
    assert sign_in(cast.auditor).get(f"/customers/{cast.wang.pk}/").status_code == 403


def test_the_sidebar_knows_only_ones_own_contacts(cast: Cast, sign_in: SignIn) -> None:
    contact = befriend(cast.wang)
    assert sign_in(cast.alice).get(f"/sidebar/{contact.external_userid}/").status_code == 200
    assert sign_in(cast.bob).get(f"/sidebar/{contact.external_userid}/").status_code == 404


def test_a_contact_without_customer_shows_to_who_added_it(cast: Cast, sign_in: SignIn) -> None:
    contact = befriend(cast.wang)
    contact.customer = None
    contact.save()
    page = sign_in(cast.alice).get(f"/sidebar/{contact.external_userid}/")
    assert "还没有关联到客户" in page.content.decode()
    assert sign_in(cast.amy).get(f"/sidebar/{contact.external_userid}/").status_code == 404


@pytest.mark.parametrize("act", ["complete", "skip", "snooze"])
def test_a_foreign_task_does_not_exist(cast: Cast, sign_in: SignIn, act: str) -> None:
    task = TaskFactory(customer=cast.wang)
    data = {"reason": "不合适", "days": 1, "note": ""}
    assert sign_in(cast.bob).post(f"/tasks/{task.pk}/{act}/", data).status_code == 404
    assert sign_in(cast.alice).post(f"/tasks/{task.pk}/{act}/", data).status_code == 302


def test_segments_of_above_are_used_and_not_changed(cast: Cast, sign_in: SignIn) -> None:
    head = Segment.objects.create(name="总行客群", rule=RULE, owner=cast.hq, branch=cast.head)
    south = Segment.objects.create(
        name="上海客群", rule=RULE, owner=cast.admin_shanghai, branch=cast.shanghai
    )
    browser = sign_in(cast.admin)
    assert browser.get(f"/segments/{head.pk}/").status_code == 200
    assert browser.get(f"/segments/{head.pk}/edit/").status_code == 403
    assert browser.get(f"/segments/{south.pk}/").status_code == 404
    assert "上海客群" not in browser.get("/segments/").content.decode()


def test_a_segment_counts_only_the_viewers_customers(cast: Cast, sign_in: SignIn) -> None:
    segment = Segment.objects.create(name="总行客群", rule=RULE, owner=cast.hq, branch=cast.head)
    assert 'data-count="2"' in sign_in(cast.admin).get(f"/segments/{segment.pk}/").content.decode()
    assert 'data-count="3"' in sign_in(cast.hq).get(f"/segments/{segment.pk}/").content.decode()
    page = sign_in(cast.admin).get(f"/customers/?segment={segment.pk}").content.decode()
    assert "王芳" in page
    assert "李娜" not in page
