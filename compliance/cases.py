"""Cases: what is done about a confirmed violation, and the evidence on which it is closed."""

from django.db import transaction
from django.utils import timezone

from compliance.conflicts import conflict_of
from compliance.deadlines import case_due, complaint_due, complaint_extended
from compliance.models import Alert, Case, CaseAction
from compliance.signals import case_closed
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.errors import BusinessError, FourEyes
from scrm.core.states import move, moves

State = Case.State
MOVES = moves(open="action closed", action="closed", closed="action")
# From this severity on, whoever opened a case may not be the one who closes it.
SECOND_PERSON_FROM = 3


def case_open(*, alert: Alert, first_action: str, note: str, actor: User) -> Case:
    """Opens the case of a confirmed alert, in the deciding transaction.

    A case that an earlier conclusion had opened is taken up again.
    """
    case = Case.objects.filter(alert=alert).first()
    if case is None:
        case = _new(alert, actor)
    elif case.state == State.CLOSED:
        _take_up(case, note, actor)
    if first_action:
        case_action(case=case, kind=first_action, note=note, actor=actor)
    return case


def _new(alert: Alert, actor: User) -> Case:
    now = timezone.now()
    complaint = alert.category == "complaint"
    case = Case.objects.create(
        alert=alert,
        kind=Case.Kind.COMPLAINT if complaint else Case.Kind.VIOLATION,
        branch=alert.branch,
        opened_by=actor,
        opened_at=now,
        due_at=complaint_due(now) if complaint else case_due(alert.severity, now),
    )
    after = {"alert": alert.pk, "severity": alert.severity}
    record("case.open", actor=actor, obj=case, after=after)
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
        raise BusinessError("工单已结案，不能再追加措施；需要继续处置请先重新打开。")
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
    _end(case, evidence.strip(), actor)
    record("case.close", actor=actor, obj=case, reason=evidence.strip())
    return case


def _end(case: Case, evidence: str, actor: User) -> None:
    move(case, MOVES, State.CLOSED)
    case.evidence = evidence[:500]
    case.closed_by, case.closed_at = actor, timezone.now()
    case.save(update_fields=["state", "evidence", "closed_by", "closed_at"])
    case_closed.send(Case, case=case, actor=actor)


@transaction.atomic
def case_reopen(*, case: Case, reason: str, actor: User) -> Case:
    """A closed case is worked again; its deadline starts anew, its first closing stays on record."""
    if not reason.strip():
        raise BusinessError("请写明为什么要重新打开，例如：客户再次来电、新的证据。")
    case = _locked(case, actor)
    if case.state != State.CLOSED:
        raise BusinessError("工单还没有结案，不需要重新打开。")
    _take_up(case, reason.strip(), actor)
    return case


def _take_up(case: Case, reason: str, actor: User) -> None:
    before = {"evidence": case.evidence, "closed_by": str(case.closed_by)}
    move(case, MOVES, State.ACTION)
    now = timezone.now()
    case.due_at = complaint_due(now) if case.is_complaint else case_due(case.alert.severity, now)
    case.closed_by, case.closed_at, case.evidence = None, None, ""
    case.reopened += 1
    case.extended = False
    case.save()
    record("case.reopen", actor=actor, obj=case, before=before, reason=reason)


def case_void(*, alert: Alert, reason: str, actor: User) -> None:
    """The alert was judged anew and dismissed: its case ends on that conclusion."""
    case = Case.objects.select_for_update().filter(alert=alert).first()
    if case is None or case.state == State.CLOSED:
        return
    _end(case, f"预警重新审核后排除：{reason}", actor)
    record("case.close", actor=actor, obj=case, reason=case.evidence)


@transaction.atomic
def case_extend(*, case: Case, reason: str, actor: User) -> Case:
    """A complaint that needs longer: from 15 to 60 days since it came in, once, with a reason."""
    if not reason.strip():
        raise BusinessError("请写明延期理由，并说明是否已书面告知客户。")
    case = _locked(case, actor)
    if not case.is_complaint or case.state == State.CLOSED:
        raise BusinessError("只有未结案的投诉工单可以延期。")
    if case.extended:
        raise BusinessError("投诉工单只能延期一次，最长 60 天。")
    before = {"due_at": case.due_at.isoformat()}
    case.due_at, case.extended = complaint_extended(case.due_at), True
    case.save(update_fields=["due_at", "extended"])
    after = {"due_at": case.due_at.isoformat()}
    record("case.extend", actor=actor, obj=case, before=before, after=after, reason=reason.strip())
    return case
