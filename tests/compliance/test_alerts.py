"""Claims have one winner, grave decisions need two people, nobody judges their own side."""

import datetime
import threading

import pytest
from django.db import connection
from django.utils import timezone

from compliance.alerts import alert_claim, alert_decide, alert_release
from compliance.cases import case_action, case_close, case_extend, case_reopen
from compliance.models import Alert, Case, CaseAction
from compliance.selectors.cases import entries
from scrm.accounts.models import User
from scrm.audit.models import AuditEvent
from scrm.core.errors import BusinessError, FourEyes, IllegalTransition
from tests.factories.cast import Cast, befriend, make
from tests.factories.compliance import Chat
from tests.factories.compliance import alert as make_alert

State = Alert.State


@pytest.fixture
def grave(cast: Cast, chat: Chat) -> Alert:
    return make_alert(chat, cast.alice, befriend(cast.wang), 4)


@pytest.fixture
def mild(cast: Cast, chat: Chat) -> Alert:
    return make_alert(chat, cast.alice, befriend(cast.wang), 2)


def actions(alert: Alert) -> list[str]:
    rows = AuditEvent.objects.filter(object_type="compliance.alert", object_id=str(alert.pk))
    return list(rows.order_by("id").values_list("action", flat=True))


def test_claim_and_release(mild: Alert, cast: Cast) -> None:
    alert_claim(alert=mild, actor=cast.officer)
    with pytest.raises(BusinessError, match="已由"):
        alert_claim(alert=mild, actor=cast.officer_head)
    with pytest.raises(BusinessError):
        alert_release(alert=mild, actor=cast.officer_head)
    alert_release(alert=mild, actor=cast.officer)
    assert alert_claim(alert=mild, actor=cast.officer_head).claimed_by == cast.officer_head
    assert actions(mild) == ["alert.claim", "alert.release", "alert.claim"]


def test_a_claim_left_lying_can_be_taken_over(mild: Alert, cast: Cast) -> None:
    alert_claim(alert=mild, actor=cast.officer)
    old = timezone.now() - datetime.timedelta(minutes=31)
    Alert.objects.update(active_at=old)
    assert alert_claim(alert=mild, actor=cast.officer_head).claimed_by == cast.officer_head


@pytest.mark.django_db(transaction=True)
def test_of_two_claims_at_once_one_wins(chat: Chat) -> None:
    cast = make()
    alert = make_alert(chat, cast.alice, befriend(cast.wang), 2)
    start, outcomes = threading.Barrier(2), []

    def claim(actor: User) -> None:
        try:
            start.wait()
            alert_claim(alert=alert, actor=actor)
            outcomes.append(actor.username)
        except BusinessError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=claim, args=[a]) for a in (cast.officer, cast.officer_head)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = Alert.objects.get().claimed_by
    assert sorted(outcomes) == sorted(["claimed", winner.username])


def test_one_person_decides_a_mild_alert(mild: Alert, cast: Cast) -> None:
    alert_decide(alert=mild, decision="confirm", reason="承诺收益", actor=cast.officer)
    mild.refresh_from_db()
    assert (mild.state, mild.decided_by) == (State.CONFIRMED, cast.officer)
    assert Case.objects.get().due_at > timezone.now()
    with pytest.raises(IllegalTransition):
        alert_decide(alert=mild, decision="dismiss", reason="反悔", actor=cast.officer)


def test_a_grave_alert_needs_a_second_person(grave: Alert, cast: Cast) -> None:
    alert_decide(alert=grave, decision="confirm", reason="承诺保本", actor=cast.officer)
    grave.refresh_from_db()
    assert (grave.state, grave.first_by) == (State.AWAITING_SECOND, cast.officer)
    assert not Case.objects.exists()
    with pytest.raises(FourEyes):
        alert_decide(alert=grave, decision="confirm", reason="我再点一次", actor=cast.officer)
    alert_decide(alert=grave, decision="confirm", reason="同意", actor=cast.officer_head)
    grave.refresh_from_db()
    assert (grave.state, grave.decided_by) == (State.CONFIRMED, cast.officer_head)
    assert Case.objects.get().opened_by == cast.officer_head


def test_dismissing_a_grave_alert_needs_two_as_well(grave: Alert, cast: Cast) -> None:
    alert_decide(alert=grave, decision="dismiss", reason="误报", actor=cast.officer)
    grave.refresh_from_db()
    assert grave.state == State.AWAITING_SECOND
    alert_decide(alert=grave, decision="dismiss", reason="同意", actor=cast.officer_head)
    grave.refresh_from_db()
    assert grave.state == State.DISMISSED
    assert not Case.objects.exists()


def test_disagreement_is_a_dispute_one_level_up(grave: Alert, cast: Cast) -> None:
    alert_decide(alert=grave, decision="dismiss", reason="误报", actor=cast.officer)
    alert_decide(alert=grave, decision="confirm", reason="不同意", actor=cast.officer_head)
    grave.refresh_from_db()
    assert (grave.state, grave.claimed_by, grave.level) == (State.DISPUTED, None, 1)
    alert_decide(alert=grave, decision="confirm", reason="确认", actor=cast.officer_head)
    with pytest.raises(FourEyes):
        alert_decide(alert=grave, decision="confirm", reason="确认", actor=cast.officer_head)
    alert_decide(alert=grave, decision="confirm", reason="同意", actor=cast.officer)
    grave.refresh_from_db()
    assert grave.state == State.CONFIRMED
    steps = list(grave.decisions.values_list("step", "by__username"))
    assert steps == [
        ("first", "officer"),
        ("dispute", "officer2"),
        ("first", "officer2"),
        ("second", "officer"),
    ]


def test_escalation_opens_a_case_with_its_first_action(mild: Alert, cast: Cast) -> None:
    alert_decide(alert=mild, decision="escalate", reason="多次发生", actor=cast.officer)
    case = Case.objects.get()
    assert case.state == Case.State.ACTION
    assert case.actions.get().kind == CaseAction.Kind.ESCALATION
    assert actions(mild)[-1] == "alert.escalate"


def test_a_reason_is_required(mild: Alert, cast: Cast) -> None:
    for decision, reason in (("confirm", "  "), ("nonsense", "理由")):
        with pytest.raises(BusinessError):
            alert_decide(alert=mild, decision=decision, reason=reason, actor=cast.officer)
    mild.refresh_from_db()
    assert mild.state == State.NEW
    assert not actions(mild)


@pytest.mark.parametrize("relation", ["own", "manager", "report"])
def test_nobody_judges_their_own_side(mild: Alert, cast: Cast, relation: str) -> None:
    officer = cast.officer
    if relation == "own":
        Alert.objects.update(user=officer)
    elif relation == "manager":
        User.objects.filter(pk=officer.pk).update(manager=cast.alice)
    else:
        User.objects.filter(pk=cast.alice.pk).update(manager=officer)
    officer.refresh_from_db()
    for act in (
        lambda: alert_claim(alert=mild, actor=officer),
        lambda: alert_decide(alert=mild, decision="dismiss", reason="没事", actor=officer),
    ):
        with pytest.raises(FourEyes):
            act()
    assert alert_claim(alert=mild, actor=cast.officer_head)


def test_a_case_is_closed_after_an_action_with_evidence(mild: Alert, cast: Cast) -> None:
    alert_decide(alert=mild, decision="confirm", reason="承诺收益", actor=cast.officer)
    case = Case.objects.get()
    with pytest.raises(BusinessError, match="还没有"):
        case_close(case=case, evidence="谈话记录", actor=cast.officer)
    case_action(case=case, kind="training", note="一对一培训", actor=cast.officer)
    with pytest.raises(BusinessError, match="依据"):
        case_close(case=case, evidence=" ", actor=cast.officer)
    case_close(case=case, evidence="培训签到表 17 号", actor=cast.officer)
    case.refresh_from_db()
    assert (case.state, case.closed_by) == (Case.State.CLOSED, cast.officer)
    with pytest.raises(BusinessError):
        case_action(case=case, kind="warning", note="再来", actor=cast.officer)


def test_a_grave_case_is_not_closed_by_whoever_opened_it(grave: Alert, cast: Cast) -> None:
    for actor in (cast.officer, cast.officer_head):
        alert_decide(alert=grave, decision="confirm", reason="承诺保本", actor=actor)
    case = Case.objects.get()
    case_action(case=case, kind="call_back", note="已回访", actor=cast.officer_head)
    with pytest.raises(FourEyes):
        case_close(case=case, evidence="回访录音", actor=cast.officer_head)
    case_close(case=case, evidence="回访录音", actor=cast.officer)
    assert list(
        AuditEvent.objects.filter(action__startswith="case.")
        .order_by("id")
        .values_list("action", flat=True)
    ) == ["case.open", "case.action", "case.close"]


def test_a_closed_case_is_opened_again_and_closed_again(mild: Alert, cast: Cast) -> None:
    alert_decide(alert=mild, decision="confirm", reason="承诺收益", actor=cast.officer)
    case = Case.objects.get()
    with pytest.raises(BusinessError, match="还没有结案"):
        case_reopen(case=case, reason="客户再次来电", actor=cast.officer)
    case_action(case=case, kind="training", note="一对一培训", actor=cast.officer)
    case_close(case=case, evidence="签到表 17 号", actor=cast.officer)
    with pytest.raises(BusinessError, match="为什么"):
        case_reopen(case=case, reason=" ", actor=cast.officer)
    with pytest.raises(BusinessError, match="重新打开"):
        case_action(case=case, kind="warning", note="再来", actor=cast.officer)
    case = case_reopen(case=case, reason="客户再次来电", actor=cast.officer_head)
    assert (case.state, case.reopened, case.evidence) == ("action", 1, "")
    assert case.due_at > timezone.now()
    case_action(case=case, kind="warning", note="书面警告", actor=cast.officer)
    case_close(case=case, evidence="警告书 3 号", actor=cast.officer)
    told = [(entry.title, entry.text) for entry in entries(case)]
    assert [title for title, _ in told] == [
        "立案", "培训教育", "结案", "重新打开", "书面警告", "结案",
    ]  # fmt: skip
    assert ("结案", "签到表 17 号") in told  # the first closing stays on record
    assert ("结案", "警告书 3 号") in told


def test_only_complaints_are_extended(mild: Alert, cast: Cast) -> None:
    alert_decide(alert=mild, decision="confirm", reason="承诺收益", actor=cast.officer)
    with pytest.raises(BusinessError, match="投诉"):
        case_extend(case=Case.objects.get(), reason="复杂", actor=cast.officer)
