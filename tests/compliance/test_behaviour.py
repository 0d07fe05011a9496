"""Behaviour rules: each condition raises one alert, however often it is looked for."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from compliance import behaviour
from compliance.alerts import alert_decide
from compliance.cases import case_close, case_extend
from compliance.models import Alert, Case
from contacts.models import CustomerEvent, Follow
from contacts.services import customer_unmask, customer_viewed
from scrm.accounts.models import Notice
from scrm.audit.models import AuditEvent
from scrm.core.errors import BusinessError
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import HARMLESS, Chat


def run_twice() -> list[Alert]:
    """All behaviour alerts, after two rounds of all rules: the second adds nothing."""
    behaviour.run()
    behaviour.run(slow=True)
    count = Alert.objects.count()
    assert behaviour.run() == behaviour.run(slow=True) == 0
    assert Alert.objects.count() == count
    return list(Alert.objects.order_by("id"))


def _delete(follow: Follow) -> None:
    follow.state, follow.lost_at = "deleted_by_rm", timezone.now()
    follow.save()


def test_deleting_a_customer_with_money_asks_for_a_transfer(cast: Cast) -> None:
    befriend(cast.wang)
    _delete(Follow.objects.get())
    (alert,) = run_twice()
    assert (alert.severity, alert.category, alert.user) == (3, "customer_deleted", cast.alice)
    facts = dict(alert.facts)
    assert "300,000" in facts["涉及"]
    assert facts["建议转交"] == "孙悦（现有客户 1 位）"
    assert list(Notice.objects.values_list("recipient__username", flat=True)) == ["admin"]


def test_deleting_somebody_without_money_is_s2(cast: Cast) -> None:
    cast.wang.aum = 0
    cast.wang.save()
    befriend(cast.wang)
    _delete(Follow.objects.get())
    (alert,) = run_twice()
    assert alert.severity == 2
    assert "建议转交" not in dict(alert.facts)
    assert not Notice.objects.exists()


def test_a_customer_who_leaves_is_no_conduct_of_the_employee(cast: Cast) -> None:
    befriend(cast.wang)
    Follow.objects.update(state="deleted_by_customer", lost_at=timezone.now())
    assert run_twice() == []
    assert not CustomerEvent.objects.exists()


def test_a_reply_that_never_came(cast: Cast, chat: Chat, settings) -> None:
    contact = befriend(cast.wang)
    old = timezone.now() - datetime.timedelta(hours=settings.BEHAVIOUR_REPLY_HOURS + 1)
    chat.say(contact.external_userid, "alice", "在吗？", at=old)
    other = befriend(cast.zhao)
    chat.say(other.external_userid, "amy", "在吗？", at=old)
    chat.say("amy", other.external_userid, HARMLESS, at=old + datetime.timedelta(minutes=1))
    chat.archive()
    (alert,) = run_twice()
    assert (alert.severity, alert.category, alert.user) == (1, "late_reply", cast.alice)


def test_unmasking_stops_at_the_limit_and_is_noticed(cast: Cast, settings) -> None:
    settings.UNMASK_PER_HOUR = 5
    for _ in range(5):
        customer_unmask(customer=cast.wang, field="phone", reason="核对预约", actor=cast.alice)
    with pytest.raises(BusinessError, match="一小时内最多查看 5 次"):
        customer_unmask(customer=cast.wang, field="phone", reason="核对预约", actor=cast.alice)
    assert customer_unmask(customer=cast.zhao, field="phone", reason="核对预约", actor=cast.amy)
    (alert,) = run_twice()
    assert (alert.category, alert.severity, alert.user) == ("mass_unmasking", 3, cast.alice)


def test_harvesting_views_is_noticed_once_a_day(cast: Cast, settings) -> None:
    settings.BEHAVIOUR_VIEWS_PER_HOUR = 20
    for _ in range(19):
        customer_viewed(customer=cast.wang, actor=cast.alice)
    assert run_twice() == []
    for _ in range(30):
        customer_viewed(customer=cast.wang, actor=cast.alice)
    (alert,) = run_twice()
    assert (alert.category, alert.user) == ("mass_views", cast.alice)


def test_red_packets_and_cards(cast: Cast, chat: Chat) -> None:
    contact = befriend(cast.wang)
    packet = {"msgtype": "external_redpacket", "redpacket": {"type": 1, "totalcnt": 1}}
    for _ in range(3):
        chat.say("alice", contact.external_userid, "", **packet)
    card = {"msgtype": "card", "card": {"corpname": "别家", "userid": "x"}}
    chat.say("alice", contact.external_userid, "", **card)
    chat.say(contact.external_userid, "alice", "", **card)
    chat.archive()
    rows = run_twice()
    assert sorted((row.category, row.severity) for row in rows) == [
        ("card_sent", 1),
        ("red_packet", 2),
    ]
    assert all(row.message is not None for row in rows)


def test_a_burst_at_night(cast: Cast, chat: Chat, settings) -> None:
    settings.BEHAVIOUR_NIGHT_MESSAGES = 3
    contact = befriend(cast.wang)
    today = timezone.localtime().replace(hour=23, minute=10, second=0, microsecond=0)
    night = today - datetime.timedelta(days=1)
    noon = night.replace(hour=12)
    for minute in range(4):
        for start in (night, noon):
            chat.say(
                "alice",
                contact.external_userid,
                HARMLESS,
                at=start + datetime.timedelta(minutes=minute),
            )
    chat.archive()
    rows = [row for row in run_twice() if row.category == "off_hours"]
    assert [row.user for row in rows] == [cast.alice]
    assert "4 条" in dict(rows[0].facts)["消息"]


def test_a_complaint_has_the_clock_of_a_complaint(cast: Cast, chat: Chat) -> None:
    contact = befriend(cast.wang)
    chat.say(contact.external_userid, "alice", "再不处理我就打 12378 投诉你们！")
    chat.archive()
    (alert,) = run_twice()
    assert (alert.category, alert.message.from_staff) == ("complaint", False)
    alert_decide(alert=alert, decision="confirm", reason="客户不满", actor=cast.officer)
    case = Case.objects.get()
    assert case.kind == "complaint"
    assert (case.due_at - case.opened_at).days == 15
    with pytest.raises(BusinessError, match="理由"):
        case_extend(case=case, reason="", actor=cast.officer)
    case = case_extend(case=case, reason="涉及两家支行，已电话告知", actor=cast.officer)
    assert (case.due_at - case.opened_at).days == 60
    with pytest.raises(BusinessError, match="一次"):
        case_extend(case=case, reason="再延", actor=cast.officer)
    with pytest.raises(BusinessError, match="处置措施"):
        case_close(case=case, evidence="已回复", actor=cast.officer)


def test_one_broken_rule_stops_no_other(cast: Cast, monkeypatch) -> None:
    def boom() -> list[object]:
        raise RuntimeError("boom")

    befriend(cast.wang)
    _delete(Follow.objects.get())
    broken = behaviour.Rule("mass_views", "x", "S2", boom, lambda: "")
    others = tuple(rule for rule in behaviour.RULES if rule.code != "mass_views")
    monkeypatch.setattr("compliance.behaviour.rules.RULES", (broken, *others))
    assert behaviour.run() == 1


def test_behaviour_works_in_queue_desk_case_and_board(cast: Cast, sign_in) -> None:
    befriend(cast.wang)
    _delete(Follow.objects.get())
    behaviour.run()
    client, alert = sign_in(cast.officer), Alert.objects.get()
    page = client.get(reverse("compliance:alerts")).content.decode()
    assert "员工删除了客户好友" in page
    assert "建议转交" in page
    assert AuditEvent.objects.filter(action="alert.view").count() == 1
    url = reverse("compliance:alert_decide", args=[alert.pk])
    client.post(url, {"decision": "confirm", "reason": "已核实"})
    head = sign_in(cast.officer_head)
    head.post(url, {"decision": "confirm", "reason": "同意"})
    case = Case.objects.get()
    assert (
        "员工删除了客户好友"
        in client.get(reverse("compliance:case", args=[case.pk])).content.decode()
    )
    assert "员工删除客户" in client.get(reverse("compliance:board")).content.decode()
    rules = client.get(reverse("compliance:behaviour")).content.decode()
    assert "category=customer_deleted" in rules
    admin = sign_in(cast.admin)
    assert "安排转交" in admin.get(reverse("notices")).content.decode()
    admin.post(reverse("notices"))
    assert not Notice.objects.filter(read_at=None).exists()
