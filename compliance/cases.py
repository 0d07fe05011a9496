"""Cases: what is done about a confirmed violation, and the evidence on which it is closed."""

from django.db import transaction
from django.utils import timezone

from compliance.conflicts import conflict_of
from compliance.deadlines import case_due
from compliance.models import Alert, Case, CaseAction
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.errors import BusinessError, FourEyes
from scrm.core.states import move, moves

State = Case.State
MOVES = moves(open="action", action="closed")
# From this severity on, whoever opened a case may not be the one who closes it.
SECOND_PERSON_FROM = 3


def case_open(*, alert: Alert, first_action: str, note: str, actor: User) -> Case:
    """Opens the case of a confirmed alert, in the deciding transaction."""
    now = timezone.now()
    case = Case.objects.create(
        alert=alert,
        branch=alert.branch,
        opened_by=actor,
        opened_at=now,
        due_at=case_due(alert.severity, now),
    )
    record(
        "case.open", actor=actor, obj=case, after={"alert": alert.pk, "severity": alert.severity}
    )
    if first_action:
        case_action(case=case, kind=first_action, note=note, actor=actor)
    return case


def _locked(case: Case, actor: User) -> Case:
    rows = Case.objects.select_for_update(of=("self",)).select_related("alert__user", "branch")
    locked = rows.get(pk=case.pk)
    reason = conflict_of(locked.alert, actor)
    if reason:
        raise FourEyes(reason, code="conflict")
    return locked


@transaction.atomic
def case_action(*, case: Case, kind: str, note: str, actor: User) -> CaseAction:
    """Records a measure that was taken; the first one moves the case on."""
    if kind not in CaseAction.Kind.values:
        raise BusinessError("请选择一项处置措施。")
    if not note.strip():
        raise BusinessError("请写明做了什么、对谁做的。")
    case = _locked(case, actor)
    if case.state == State.CLOSED:
        raise BusinessError("工单已结案，不能再追加措施。")
    if case.state == State.OPEN:
        move(case, MOVES, State.ACTION)
        case.save(update_fields=["state"])
    action = CaseAction.objects.create(case=case, kind=kind, note=note.strip()[:300], by=actor)
    record("case.action", actor=actor, obj=case, after={"kind": kind}, reason=note.strip())
    return action


@transaction.atomic
def case_close(*, case: Case, evidence: str, actor: User) -> Case:
    """Closes a case by a person, on evidence, and only after something was done."""
    if not evidence.strip():
        raise BusinessError("请写明结案依据：处置结果、回访结论或材料编号。")
    case = _locked(case, actor)
    if case.state == State.OPEN:
        raise BusinessError("还没有任何处置措施，不能结案。")
    if case.alert.severity >= SECOND_PERSON_FROM and case.opened_by_id == actor.pk:
        raise FourEyes(
            "S3 及以上的工单不能由立案人自己结案，请由另一位合规人员结案。", code="four_eyes"
        )
    move(case, MOVES, State.CLOSED)
    case.evidence = evidence.strip()[:500]
    case.closed_by, case.closed_at = actor, timezone.now()
    case.save(update_fields=["state", "evidence", "closed_by", "closed_at"])
    record("case.close", actor=actor, obj=case, reason=evidence.strip())
    return case
