"""Auto-review rules close light alerts only, and a recorded share goes back to a person."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from compliance import autoreview
from compliance.alerts import alert_claim, alert_decide, alert_reopen
from compliance.models import Alert, AutoReviewRule, Decision
from scrm.core.errors import BusinessError, FourEyes, IllegalTransition
from tests.compliance.test_desk_walks import behaviour
from tests.factories import campaign
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import Chat
from tests.factories.compliance import alert as make_alert


def propose(cast: Cast, **values) -> AutoReviewRule:
    given = {"name": "例行查看", "why": "岗位需要", "max_severity": 1, **values}
    return autoreview.autorule_propose(values=given, actor=cast.officer)


def active(cast: Cast, **values) -> AutoReviewRule:
    rule = propose(cast, **values)
    return autoreview.autorule_approve(rule=rule, actor=cast.officer_head)


def test_proposed_by_one_approved_by_another(cast: Cast) -> None:
    rule = propose(cast, category="mass_views")
    assert rule.branch == cast.beijing  # a branch officer speaks for the branch
    behaviour(cast.alice, 1)
    assert autoreview.run() == 0
    with pytest.raises(FourEyes):
        autoreview.autorule_approve(rule=rule, actor=cast.officer)
    with pytest.raises(BusinessError, match="上级"):
        autoreview.autorule_approve(rule=rule, actor=cast.officer_shanghai)
    rule = autoreview.autorule_approve(rule=rule, actor=cast.officer_head)
    assert len(rule.seed) == 16
    with pytest.raises(IllegalTransition):
        autoreview.autorule_approve(rule=rule, actor=cast.officer_head)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"max_severity": 2, "category": "mass_views"}, "S0–S1"),
        ({}, "条件"),
        ({"category": "mass_views", "why": " "}, "为什么"),
        ({"content_id": 999}, "没有通过审批"),
    ],
)
def test_what_a_rule_must_not_be(cast: Cast, values: dict, words: str) -> None:
    with pytest.raises(BusinessError, match=words):
        propose(cast, **values)


def test_only_light_unclaimed_alerts_of_the_branch_are_closed(cast: Cast, settings) -> None:
    settings.AUTO_REVIEW_SAMPLE_PERCENT = 0
    light = [behaviour(cast.alice, 1, n) for n in range(3)]
    heavy, foreign = behaviour(cast.alice, 2, 10), behaviour(cast.bob, 1, 11)
    alert_claim(alert=light[0], actor=cast.officer)
    rule = active(cast, category="mass_views")
    assert autoreview.run() == 2
    states = dict(Alert.objects.values_list("pk", "state"))
    assert [states[row.pk] for row in light] == ["claimed", "dismissed", "dismissed"]
    assert states[heavy.pk] == states[foreign.pk] == "new"
    row = Decision.objects.filter(step="rule").first()
    assert (row.by, row.decision, row.draw["seed"]) == (None, "dismiss", rule.seed)
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.filter(pk=heavy.pk).update(auto_rule=rule)
    again = alert_reopen(alert=light[1], reason="抽看", actor=cast.officer)
    assert autoreview.run() == 0  # what a person re-opened is for people
    alert_decide(alert=again, decision="confirm", reason="确有问题", actor=cast.officer)


def test_phrase_and_approved_content(cast: Cast, chat: Chat, settings) -> None:
    settings.AUTO_REVIEW_SAMPLE_PERCENT = 0
    contact, version = (
        befriend(cast.wang),
        campaign.version(cast, "您好，我是{经理姓名}，周六照常营业"),
    )
    one = make_alert(chat, cast.alice, contact, 1)
    two = make_alert(chat, cast.alice, contact, 1, text="零风险稳赚不赔，随时可取")
    assert "稳赚" in two.text
    active(cast, phrase="稳赚")
    active(cast, content_id=version.pk)
    assert autoreview.run() == 1
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.state, two.state) == ("new", "dismissed")
    pattern = autoreview._content_pattern(version.pk)
    assert pattern.fullmatch("您好，我是陈静怡，周六照常营业")
    assert not pattern.fullmatch("您好，我是陈静怡，周六照常营业，稳赚")


def test_the_draw_is_even_recorded_and_repeatable(cast: Cast, settings) -> None:
    settings.AUTO_REVIEW_SAMPLE_PERCENT = 5
    share = sum(autoreview.drawn("seed", n) for n in range(40_000)) / 40_000
    assert 0.045 < share < 0.055
    assert [autoreview.drawn("a", n) for n in range(50)] == [
        autoreview.drawn("a", n) for n in range(50)
    ]
    settings.AUTO_REVIEW_SAMPLE_PERCENT = 50
    rows = [behaviour(cast.alice, 1, n) for n in range(30)]
    rule = active(cast, category="mass_views")
    closed = autoreview.run()
    for row in rows:
        row.refresh_from_db()
        assert row.auto_sampled == autoreview.drawn(rule.seed, row.pk)
        assert row.state == ("new" if row.auto_sampled else "dismissed")
    assert 0 < closed < 30
    assert closed == sum(not row.auto_sampled for row in rows)
    assert autoreview.run() == 0


def test_the_page_of_rules(cast: Cast, sign_in) -> None:
    first, second = sign_in(cast.officer), sign_in(cast.officer_head)
    url = reverse("compliance:auto_rules")
    data = {"name": "名片", "category": "card_sent", "max_severity": "1", "why": "公示名片"}
    first.post(url, data)
    rule = AutoReviewRule.objects.get()
    act = reverse("compliance:auto_rule_decide", args=[rule.pk])
    assert "需要另一位" in first.get(url).content.decode()
    first.post(act, {"act": "approve"})
    rule.refresh_from_db()
    assert rule.state == "proposed"
    second.post(act, {"act": "approve"})
    rule.refresh_from_db()
    assert rule.state == "active"
    assert rule.seed in first.get(url).content.decode()
    assert (
        sign_in(cast.officer_shanghai).post(act, {"act": "retire", "reason": "x"}).status_code
        == 404
    )
    first.post(act, {"act": "retire", "reason": "不再需要"})
    rule.refresh_from_db()
    assert rule.state == "retired"
