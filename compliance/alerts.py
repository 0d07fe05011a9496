"""Working an alert: one person claims and decides; for S3 and above a second one must agree."""

import datetime

from django.db import transaction
from django.utils import timezone

from compliance.cases import case_open
from compliance.conflicts import conflict_of
from compliance.models import Alert, CaseAction
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.errors import BusinessError, FourEyes
from scrm.core.states import move, moves

State = Alert.State
MOVES = moves(
    new="claimed",
    claimed="new claimed awaiting_second dismissed confirmed",
    awaiting_second="claimed dismissed confirmed",
)
CLAIM_LASTS = datetime.timedelta(minutes=30)
SECOND_PERSON_FROM = 3
DISMISS, CONFIRM, ESCALATE = "dismiss", "confirm", "escalate"
DECISIONS = {DISMISS: "排除", CONFIRM: "确认违规", ESCALATE: "升级上报"}
_ACTIONS = {DISMISS: "alert.dismiss", CONFIRM: "alert.confirm", ESCALATE: "alert.escalate"}


def _locked(alert: Alert, actor: User) -> Alert:
    # "of" keeps the employee's row free: many alerts of one person are worked at once.
    rows = Alert.objects.select_for_update(of=("self",)).select_related("user", "branch")
    locked = rows.get(pk=alert.pk)
    reason = conflict_of(locked, actor)
    if reason:
        raise FourEyes(reason, code="conflict")
    return locked


def claim_expired(alert: Alert) -> bool:
    return alert.claimed_at is None or timezone.now() - alert.claimed_at > CLAIM_LASTS


def _take(alert: Alert, actor: User) -> None:
    """One winner: the row is locked, so whoever comes second finds it claimed."""
    held = alert.state == State.CLAIMED and alert.claimed_by_id != actor.pk
    if held and not claim_expired(alert):
        raise BusinessError(f"这条预警已由{alert.claimed_by}领取，请处理下一条。", code="claimed")
    move(alert, MOVES, State.CLAIMED)
    alert.claimed_by, alert.claimed_at = actor, timezone.now()


@transaction.atomic
def alert_claim(*, alert: Alert, actor: User) -> Alert:
    """Claims a new alert, or one whose claim was left lying for 30 minutes."""
    alert = _locked(alert, actor)
    if alert.state == State.AWAITING_SECOND:
        raise BusinessError("这条预警正在等待复核，请直接给出复核意见。")
    _take(alert, actor)
    alert.save(update_fields=["state", "claimed_by", "claimed_at"])
    record("alert.claim", actor=actor, obj=alert)
    return alert


@transaction.atomic
def alert_release(*, alert: Alert, actor: User) -> Alert:
    """Puts one's own claimed alert back into the queue."""
    alert = _locked(alert, actor)
    if alert.state != State.CLAIMED or alert.claimed_by_id != actor.pk:
        raise BusinessError("只能释放自己领取的预警。")
    move(alert, MOVES, State.NEW)
    alert.claimed_by = alert.claimed_at = None
    alert.save(update_fields=["state", "claimed_by", "claimed_at"])
    record("alert.release", actor=actor, obj=alert)
    return alert


@transaction.atomic
def alert_decide(*, alert: Alert, decision: str, reason: str, actor: User) -> Alert:
    """dismiss, confirm or escalate. Takes the alert first when nobody else holds it."""
    if decision not in DECISIONS:
        raise BusinessError("请选择排除、确认违规或升级上报。")
    if not reason.strip():
        raise BusinessError("请写明理由，处理结论要能说明依据。")
    alert = _locked(alert, actor)
    if alert.state == State.AWAITING_SECOND:
        _second(alert, decision, reason.strip(), actor)
    else:
        _first(alert, decision, reason.strip(), actor)
    alert.save()
    return alert


def _first(alert: Alert, decision: str, reason: str, actor: User) -> None:
    _take(alert, actor)
    if alert.severity < SECOND_PERSON_FROM:
        _finish(alert, decision, reason, actor)
        return
    move(alert, MOVES, State.AWAITING_SECOND)
    alert.proposal, alert.first_by, alert.reason = decision, actor, reason[:500]
    _note(alert, decision, reason, actor, "提出，待复核")


def _second(alert: Alert, decision: str, reason: str, actor: User) -> None:
    if alert.first_by_id == actor.pk:
        raise FourEyes("S3 及以上需要两个人：不能复核自己提出的结论。", code="four_eyes")
    if decision == alert.proposal:
        both = f"{alert.reason}（{alert.first_by}提出）；复核：{reason}"
        _finish(alert, decision, both, actor)
        return
    # Disagreement: the second person holds it now; what they propose needs another pair of eyes.
    move(alert, MOVES, State.CLAIMED)
    alert.claimed_by, alert.claimed_at = actor, timezone.now()
    alert.proposal, alert.first_by, alert.reason = "", None, ""
    _note(alert, decision, reason, actor, "复核不同意，重新处理")


def _finish(alert: Alert, decision: str, reason: str, actor: User) -> None:
    move(alert, MOVES, State.DISMISSED if decision == DISMISS else State.CONFIRMED)
    alert.proposal, alert.reason = decision, reason[:500]
    alert.decided_by, alert.decided_at = actor, timezone.now()
    _note(alert, decision, reason, actor, "结论")
    if decision != DISMISS:
        _open_case(alert, decision, reason, actor)


def _open_case(alert: Alert, decision: str, reason: str, actor: User) -> None:
    first = CaseAction.Kind.ESCALATION if decision == ESCALATE else ""
    case_open(alert=alert, first_action=first, note=reason, actor=actor)


def _note(alert: Alert, decision: str, reason: str, actor: User, stage: str) -> None:
    after = {"stage": stage, "state": alert.state, "severity": alert.severity}
    record(_ACTIONS[decision], actor=actor, obj=alert, after=after, reason=reason)
