"""Working an alert on locked rows. The rules themselves stand in compliance.workflow."""

from django.db import transaction
from django.utils import timezone

from compliance import cases, containment, workflow
from compliance.archive.log.append import append_decision
from compliance.conflicts import conflict_of
from compliance.models import Alert, CaseAction, Decision
from compliance.seen import Seen
from compliance.workflow import Person, Situation
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.errors import BusinessError

State = Alert.State
Step = Decision.Step
_ACTIONS = {
    workflow.DISMISS: "alert.dismiss",
    workflow.CONFIRM: "alert.confirm",
    workflow.ESCALATE: "alert.escalate",
}
_FINAL = {Step.SOLE, Step.SECOND, Step.BULK}


def locked(alert: Alert) -> Alert:
    # "of" keeps the employee's row free: many alerts of one person are worked at once.
    rows = Alert.objects.select_for_update(of=("self",))
    return rows.select_related(
        "user", "branch", "claimed_by", "first_by__branch", "message", "scan", "case"
    ).get(pk=alert.pk)


def person(alert: Alert, actor: User) -> Person:
    return Person(actor.pk, _at_head_office(actor), barred(alert, actor))


def barred(alert: Alert, actor: User) -> str:
    """Why this person must not judge this alert; empty when nothing stands against it."""
    case = getattr(alert, "case", None)
    if case is not None and case.opened_by_id == actor.pk and alert.state in workflow.OPEN:
        return "这条预警的工单由你立案，请由其他合规人员重新判断。"
    return conflict_of(alert, actor)


def _at_head_office(user: User | None) -> bool:
    return user is not None and user.branch.parent_id is None


def situation(alert: Alert) -> Situation:
    return Situation(
        state=alert.state,
        severity=alert.severity,
        claimed_by=alert.claimed_by_id,
        active_at=alert.active_at,
        first_by=alert.first_by_id,
        first_head_office=_at_head_office(alert.first_by),
        proposal=alert.proposal,
        level=alert.level,
    )


def take(alert: Alert, now: Situation) -> None:
    """Puts a situation on the row and stores it; a new holder's claim starts now."""
    if now.claimed_by is None:
        alert.claimed_at = None
    elif now.claimed_by != alert.claimed_by_id or alert.claimed_at is None:
        alert.claimed_at = timezone.now()
    alert.state, alert.claimed_by_id, alert.active_at = now.state, now.claimed_by, now.active_at
    alert.first_by_id, alert.proposal, alert.level = now.first_by, now.proposal, now.level
    alert.save()


@transaction.atomic
def alert_claim(*, alert: Alert, actor: User) -> Alert:
    """Claims a new or disputed alert, or one whose claim was left lying for 30 minutes."""
    alert = locked(alert)
    now = situation(alert)
    who, at = person(alert, actor), timezone.now()
    if not who.conflict and workflow.held_by_another(now, who, at):
        raise BusinessError(f"这条预警已由{alert.claimed_by}领取，请处理下一条。", code="claimed")
    take(alert, workflow.claim(now, who, at))
    record("alert.claim", actor=actor, obj=alert)
    return alert


@transaction.atomic
def alert_release(*, alert: Alert, actor: User) -> Alert:
    """Puts one's own claimed alert back into the queue."""
    alert = locked(alert)
    take(alert, workflow.release(situation(alert), person(alert, actor)))
    record("alert.release", actor=actor, obj=alert)
    return alert


def alert_touch(*, alert: Alert, actor: User) -> None:
    """Whoever holds an alert and looks at it keeps it; no event, as nothing was decided."""
    Alert.objects.filter(pk=alert.pk, state=State.CLAIMED, claimed_by=actor).update(
        active_at=timezone.now()
    )


@transaction.atomic
def alert_decide(
    *, alert: Alert, decision: str, reason: str, actor: User, seen: Seen | None = None
) -> Alert:
    """dismiss, confirm or escalate. Takes the alert first when nobody else holds it."""
    return decide_locked(locked(alert), decision, _given(reason), actor, seen)


def _given(reason: str) -> str:
    if not reason.strip():
        raise BusinessError("请写明理由，处理结论要能说明依据。")
    return reason.strip()[:500]


def decide_locked(
    alert: Alert, decision: str, reason: str, actor: User, seen: Seen | None, bulk: bool = False
) -> Alert:
    """The decision itself, for a row that the caller has locked in its transaction."""
    before = situation(alert)
    after, step = workflow.decide(before, person(alert, actor), decision, timezone.now())
    _words(alert, step, reason, actor)
    take(alert, after)
    note_decision(alert, "bulk" if bulk else step, decision, reason, actor, seen)
    if step in _FINAL:
        _follow_up(alert, decision, reason, actor)
    return alert


def _words(alert: Alert, step: str, reason: str, actor: User) -> None:
    if step == Step.DISPUTE:
        alert.reason = ""
        return
    if step == Step.SECOND:
        reason = f"{alert.reason}（{alert.first_by}提出）；复核：{reason}"
    alert.reason = reason[:500]
    if step in _FINAL:
        alert.decided_by, alert.decided_at = actor, timezone.now()


def _follow_up(alert: Alert, decision: str, reason: str, actor: User) -> None:
    """A conclusion opens a case, or ends the one that an earlier conclusion had opened."""
    if decision == workflow.DISMISS:
        cases.case_void(alert=alert, reason=reason, actor=actor)
        containment.lift(alert=alert, actor=actor, reason=f"预警已排除：{reason}")
        return
    first = CaseAction.Kind.ESCALATION if decision == workflow.ESCALATE else ""
    cases.case_open(alert=alert, first_action=first, note=reason, actor=actor)


def note_decision(
    alert: Alert, step: str, decision: str, reason: str, actor: User, seen: Seen | None
) -> Decision:
    """The append-only row and the audit event of one act of judging."""
    row = Decision.objects.create(
        **policy_of(alert),
        alert=alert,
        step=step,
        decision=decision,
        by=actor,
        reason=reason,
        severity=alert.severity,
        text_hash=seen.text_hash if seen else alert.text_hash,
        seconds=seen.seconds() if seen else None,
    )
    append_decision(row)
    after = {
        "stage": row.get_step_display(),
        "state": alert.state,
        "severity": alert.severity,
        "seconds": row.seconds,
        "lexicon": row.lexicon_version,
        "text": row.text_hash[:16],
    }
    action = _ACTIONS.get(decision, "alert.reopen")
    record(action, actor=actor, obj=alert, after=after, reason=reason)
    return row


def policy_of(alert: Alert) -> dict[str, str]:
    """Under which lexicon and engine the alert was raised; empty for behaviour."""
    scan = alert.scan
    return {
        "lexicon_version": scan.lexicon_version if scan else "",
        "lexicon_digest": scan.lexicon_digest if scan else "",
        "engine_version": scan.engine_version if scan else "",
    }


@transaction.atomic
def alert_reopen(*, alert: Alert, reason: str, actor: User) -> Alert:
    """A decided alert goes back to the queue; what was decided before stays on record."""
    reason, alert = _given(reason), locked(alert)
    take_back = workflow.reopen(situation(alert), person(alert, actor))
    alert.reopened += 1
    alert.decided_by = alert.decided_at = None
    alert.reason = ""
    take(alert, take_back)
    note_decision(alert, Step.REOPEN, "", reason, actor, None)
    return alert
