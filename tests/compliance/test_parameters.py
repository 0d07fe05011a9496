"""Thresholds of supervision: proposed by one person of head office, approved by another."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from compliance import behaviour
from compliance.lexicons import LexiconRefused, lexicon_activate, lexicon_import_csv
from compliance.models import Alert, ParameterChange
from compliance.parameters import PARAMETERS, parameter_decide, parameter_propose
from contacts.services import customer_viewed
from scrm.accounts.models import User
from scrm.audit.models import AuditEvent
from scrm.core import limits
from scrm.core.errors import BusinessError, FourEyes
from tests.factories.cast import Cast, befriend, user
from tests.factories.compliance import Chat

URL = reverse("compliance:parameters")
VIEWS = "BEHAVIOUR_VIEWS_PER_HOUR"


@pytest.fixture
def hq2(cast: Cast) -> User:
    return user("hq2", "罗振宇", "hq_admin", cast.head)


def changed(cast: Cast, second: User, key: str, value: int) -> ParameterChange:
    row = parameter_propose(key=key, value=value, why="监管要求", actor=cast.hq)
    return parameter_decide(change=row, approve=True, actor=second)


def test_an_approved_threshold_is_in_force_at_once(cast: Cast, hq2: User) -> None:
    for _ in range(5):
        customer_viewed(customer=cast.wang, actor=cast.alice)
    assert behaviour.run() == 0
    row = parameter_propose(key=VIEWS, value=5, why="监管要求", actor=cast.hq)
    assert limits.number(VIEWS) == 200
    with pytest.raises(FourEyes):
        parameter_decide(change=row, approve=True, actor=cast.hq)
    parameter_decide(change=row, approve=True, actor=hq2)
    assert limits.number(VIEWS) == 5
    assert behaviour.run() == 1
    assert "上限 5" in dict(Alert.objects.get().facts)["次数"]
    told = AuditEvent.objects.get(action="parameter.approve")
    name = "大量查看客户"
    assert (told.before, told.after, told.actor) == ({name: 200}, {name: 5}, hq2)


def test_a_rejected_or_withdrawn_change_changes_nothing(cast: Cast, hq2: User) -> None:
    for actor in (hq2, cast.hq):
        row = parameter_propose(key=VIEWS, value=5, why="试试", actor=cast.hq)
        parameter_decide(change=row, approve=False, actor=actor)
        assert limits.number(VIEWS) == 200
        with pytest.raises(BusinessError):
            parameter_decide(change=row, approve=True, actor=hq2)


@pytest.mark.parametrize("value", [-1, 0, 4, 5001, 200])
def test_what_is_out_of_bounds_or_no_change_is_refused(cast: Cast, value: int) -> None:
    with pytest.raises(BusinessError):
        parameter_propose(key=VIEWS, value=value, why="试试", actor=cast.hq)
    assert not ParameterChange.objects.exists()


def test_one_change_of_a_number_waits_at_a_time(cast: Cast) -> None:
    parameter_propose(key=VIEWS, value=50, why="试试", actor=cast.hq)
    with pytest.raises(BusinessError, match="等待批准"):
        parameter_propose(key=VIEWS, value=60, why="试试", actor=cast.hq)
    with pytest.raises(BusinessError, match="没有这个参数"):
        parameter_propose(key="SECRET_KEY", value=60, why="试试", actor=cast.hq)


def test_every_parameter_has_a_default_within_its_bounds(db: Any) -> None:
    for parameter in PARAMETERS:
        assert parameter.least <= limits.default(parameter.key) <= parameter.most, parameter.key


def test_sampling_proposes_the_shares_of_head_office(cast: Cast, hq2: User, client: Client) -> None:
    changed(cast, hq2, "SAMPLING_PERCENT", 7)
    changed(cast, hq2, "SAMPLING_MINIMUM", 3)
    client.force_login(cast.officer)
    html = client.get(reverse("compliance:sampling")).content.decode()
    assert 'name="percent" value="7"' in html and 'name="minimum" value="3"' in html


def test_the_page_proposes_and_decides(cast: Cast, hq2: User, client: Client) -> None:
    client.force_login(cast.hq)
    page = client.post(URL, {"key": VIEWS, "value": "50", "why": "投诉增多"}, follow=True)
    assert "需要另一位总行人员批准" in page.content.decode()
    assert (
        "要在 5 到 5000"
        in client.post(
            URL, {"key": VIEWS, "value": "x", "why": "投诉增多"}, follow=True
        ).content.decode()
    )
    row = ParameterChange.objects.get()
    decide = reverse("compliance:parameter_decide", args=[row.pk])
    for person in (cast.officer, cast.auditor):
        client.force_login(person)
        assert client.get(URL).status_code == 200
        assert client.post(URL, {"key": VIEWS}).status_code == 403
        assert client.post(decide, {"act": "approve"}).status_code == 403
    client.force_login(hq2)
    client.post(decide, {"act": "approve"})
    assert limits.number(VIEWS) == 50
    assert "200 → 50" in client.get(URL).content.decode()


def test_complaint_words_come_from_the_lexicon(cast: Cast, chat: Chat) -> None:
    draft = lexicon_import_csv(text="我要上热搜,,0,complaint", note="舆情", actor=cast.officer)
    lexicon_activate(version=draft, actor=cast.officer_head)
    contact = befriend(cast.wang)
    chat.say(contact.external_userid, "alice", "再不处理我要上热搜")
    chat.archive()
    assert behaviour.run() == 1
    assert dict(Alert.objects.get().facts)["提到"] == "我要上热搜"
    words = draft.terms.filter(kind="complaint").values_list("text", flat=True)
    with pytest.raises(LexiconRefused, match="没有生成草稿"):
        lexicon_import_csv(text="", note="全删", actor=cast.officer, removed=list(words))
