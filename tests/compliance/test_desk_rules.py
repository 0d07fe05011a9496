"""Levels, bulk decisions, what a decision remembers, re-opening, containment."""

import datetime

import pytest
from django.core import signing
from django.db import IntegrityError, transaction
from django.utils import timezone

from compliance import bulk, seen
from compliance.alerts import alert_claim, alert_decide, alert_reopen, alert_touch
from compliance.containment import contained, containment_lift
from compliance.keeping.holds import held
from compliance.models import Alert, Case, Containment, Decision, LegalHold
from compliance.overdue import escalate_overdue
from scrm.accounts.models import Notice
from scrm.accounts.notices import people_above
from scrm.core.errors import BusinessError, FourEyes
from tests.compliance.test_desk_walks import behaviour
from tests.factories.cast import Cast, befriend, user
from tests.factories.compliance import RISKY, Chat
from tests.factories.compliance import alert as make_alert


def decide(alert: Alert, decision: str, actor, **more) -> Alert:
    return alert_decide(alert=alert, decision=decision, reason="核实", actor=actor, **more)


def test_a_decision_remembers_policy_time_and_text(cast: Cast, chat: Chat) -> None:
    alert = make_alert(chat, cast.alice, befriend(cast.wang), 2)
    note = seen.note(alert, cast.officer)
    decide(alert, "confirm", cast.officer, seen=seen.read(note, alert, cast.officer))
    row = alert.decisions.get()
    assert (row.lexicon_version, row.lexicon_digest) == (
        alert.scan.lexicon_version,
        alert.scan.lexicon_digest,
    )
    assert row.text_hash == alert.text_hash
    assert row.seconds == 0
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        Decision.objects.update(reason="改")


def test_a_note_of_what_was_seen_fits_one_person_and_one_alert(cast: Cast) -> None:
    one, other = behaviour(cast.alice, 1, 1), behaviour(cast.alice, 1, 2)
    note = seen.note(one, cast.officer)
    for alert, actor, value in (
        (other, cast.officer, note),
        (one, cast.officer_head, note),
        (one, cast.officer, note + "x"),
    ):
        with pytest.raises(BusinessError):
            seen.read(value, alert, actor)
    Alert.objects.filter(pk=one.pk).update(facts=[["次数", "3 次"]])
    one.refresh_from_db()
    with pytest.raises(BusinessError, match="不一致"):
        seen.read(note, one, cast.officer)
    assert seen.read("", one, cast.officer) is None
    assert "alice" not in str(signing.loads(note, salt="compliance.seen"))


def test_looking_at_ones_own_claim_keeps_it(cast: Cast) -> None:
    alert = behaviour(cast.alice, 1)
    alert_claim(alert=alert, actor=cast.officer)
    Alert.objects.update(active_at=timezone.now() - datetime.timedelta(minutes=29))
    alert_touch(alert=alert, actor=cast.officer_head)
    alert.refresh_from_db()
    assert timezone.now() - alert.active_at > datetime.timedelta(minutes=28)
    alert_touch(alert=alert, actor=cast.officer)
    alert.refresh_from_db()
    assert timezone.now() - alert.active_at < datetime.timedelta(minutes=1)


def test_bulk_is_for_fifty_light_alerts(cast: Cast) -> None:
    rows = [behaviour(cast.alice, n % 2, n) for n in range(51)]
    keys = [row.pk for row in rows]
    with pytest.raises(BusinessError, match="最多"):
        bulk.alerts_decide(keys=keys, decision="dismiss", reason="正常", actor=cast.officer)
    alert_claim(alert=rows[0], actor=cast.officer_head)
    foreign = behaviour(cast.bob, 1, 99)
    outcome = bulk.alerts_decide(
        keys=[*keys[:10], foreign.pk], decision="dismiss", reason="正常", actor=cast.officer
    )
    assert outcome.done == keys[1:10]
    assert set(outcome.skipped) == {rows[0].pk, foreign.pk}
    assert set(Decision.objects.values_list("step", flat=True)) == {"bulk"}


def test_one_grave_alert_refuses_the_whole_bulk(cast: Cast) -> None:
    light, grave = behaviour(cast.alice, 1, 1), behaviour(cast.alice, 2, 2)
    for decision, keys in (("dismiss", [light.pk, grave.pk]), ("escalate", [light.pk])):
        with pytest.raises(BusinessError):
            bulk.alerts_decide(keys=keys, decision=decision, reason="x", actor=cast.officer)
    with pytest.raises(BusinessError, match="理由"):
        bulk.alerts_decide(keys=[light.pk], decision="dismiss", reason=" ", actor=cast.officer)
    assert not Decision.objects.exists()


def test_overdue_goes_up_level_by_level_and_tells_the_next(cast: Cast) -> None:
    alert = behaviour(cast.alice, 3)
    alert_claim(alert=alert, actor=cast.officer)
    past = timezone.now() - datetime.timedelta(hours=5)
    Alert.objects.update(due_at=past, active_at=past)
    assert escalate_overdue() == 1
    alert.refresh_from_db()
    assert (alert.level, alert.state, alert.claimed_by) == (1, "new", None)
    assert Notice.objects.get().recipient == cast.officer
    assert escalate_overdue() == 0  # the next level has its own term
    Alert.objects.update(escalated_at=past)
    assert escalate_overdue() == 1
    alert.refresh_from_db()
    assert alert.level == 2
    assert set(Notice.objects.values_list("recipient__username", flat=True)) == {
        "officer",
        "officer2",
    }
    Alert.objects.update(escalated_at=past)
    assert escalate_overdue() == 0


def test_who_is_above(cast: Cast) -> None:
    assert people_above(cast.dongcheng, "compliance") == [cast.officer]
    assert people_above(cast.dongcheng, "compliance", levels=2) == [cast.officer_head]
    assert people_above(cast.dongcheng, "compliance", levels=9) == [cast.officer_head]
    assert people_above(cast.head, "branch_admin") == []


def test_reopening_a_dismissal(cast: Cast) -> None:
    alert = behaviour(cast.alice, 2)
    with pytest.raises(BusinessError):
        alert_reopen(alert=alert, reason="再看", actor=cast.officer)
    decide(alert, "dismiss", cast.officer)
    with pytest.raises(BusinessError, match="理由"):
        alert_reopen(alert=alert, reason=" ", actor=cast.officer)
    alert = alert_reopen(alert=alert, reason="客户来电", actor=cast.officer_head)
    assert (alert.state, alert.reopened, alert.decided_by) == ("new", 1, None)
    decide(alert, "confirm", cast.officer)
    assert list(alert.decisions.values_list("step", "decision")) == [
        ("sole", "dismiss"),
        ("reopen", ""),
        ("sole", "confirm"),
    ]


def test_reopening_a_confirmation_and_dismissing_ends_its_case(cast: Cast) -> None:
    alert = behaviour(cast.alice, 2)
    decide(alert, "confirm", cast.officer)
    alert_reopen(alert=alert, reason="新证据", actor=cast.officer_head)
    with pytest.raises(FourEyes, match="立案"):
        decide(alert, "dismiss", cast.officer)  # whose case it is
    decide(alert, "dismiss", cast.officer_head)
    case = Case.objects.get()
    assert (case.state, case.closed_by) == ("closed", cast.officer_head)
    alert_reopen(alert=alert, reason="又有投诉", actor=cast.officer)
    third = user("officer3", "周正", "compliance", cast.beijing)
    decide(alert, "confirm", third)
    case.refresh_from_db()
    assert (case.state, case.reopened) == ("action", 1)


def test_an_s4_alert_contains_its_employee_until_it_is_cleared(cast: Cast, chat: Chat) -> None:
    contact = befriend(cast.wang)
    chat.say("alice", contact.external_userid, RISKY)
    chat.archive()
    alert = Alert.objects.get()
    assert alert.severity == 4
    assert contained(cast.alice)
    assert not contained(cast.amy)
    hold = LegalHold.objects.get()
    assert (hold.user, hold.customer, (hold.until - hold.since).days) == (cast.alice, cast.wang, 60)
    assert set(held([alert.message])) == {alert.message_id}
    assert list(Notice.objects.values_list("recipient__username", flat=True)) == ["admin"]
    decide(alert, "confirm", cast.officer)
    decide(alert, "confirm", cast.officer_head)
    with pytest.raises(FourEyes):
        containment_lift(alert=alert, reason="已谈话", actor=cast.officer)
    alert.refresh_from_db()
    with pytest.raises(FourEyes):
        containment_lift(alert=alert, reason="已谈话", actor=cast.officer_head)
    third = user("officer3", "周正", "compliance", cast.beijing)
    containment_lift(alert=alert, reason="已谈话", actor=third)
    assert not contained(cast.alice)
    with pytest.raises(BusinessError):
        containment_lift(alert=alert, reason="已谈话", actor=third)


def test_dismissing_an_s4_alert_ends_the_containment(cast: Cast, chat: Chat) -> None:
    alert = make_alert(chat, cast.alice, befriend(cast.wang), 4)
    for actor in (cast.officer, cast.officer_head):
        decide(alert, "dismiss", actor)
    row = Containment.objects.get()
    assert row.cleared_by == cast.officer_head
    assert "排除" in row.reason


def test_the_third_attempt_within_a_day_weighs_more(cast: Cast, chat: Chat) -> None:
    contact = befriend(cast.wang)
    words = ("这个理财跟存款一样安全", "这款理财和存款一样保险", "理财其实就跟存款一样安全的")
    for text in words:
        chat.say("alice", contact.external_userid, text)
        chat.archive()
    rows = list(Alert.objects.order_by("id"))
    assert len(rows) == 3
    assert len({row.category for row in rows}) == 1
    assert [row.severity - rows[0].severity for row in rows[:2]] == [0, 0]
    assert rows[2].severity == min(4, rows[0].severity + 1)
    if rows[0].severity < 4:
        assert "24 小时内第 3 次" in rows[2].facts[0][1]


def test_an_alert_must_be_about_something(cast: Cast) -> None:
    alert = behaviour(cast.alice, 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.filter(pk=alert.pk).update(title="")
