"""转交: an officer proposes in a case who takes the customer over, an administrator carries it out.

WeCom moves a friendship within a day and the customer may refuse; only then does the customer get
the new owner. Where the employee has deleted the friendship there is nothing to move: the ownership
changes at once and the new manager is asked to add the customer.
"""

import datetime
import logging

from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone

from channels import transfer as wecom
from compliance.models import Case, CaseTransfer
from contacts.models import Customer, Follow, Task
from scrm.accounts.models import Role, User
from scrm.accounts.notices import heads_of, notice_send
from scrm.audit.services import record
from scrm.core import bell
from scrm.core.actors import SYSTEM
from scrm.core.errors import BusinessError
from scrm.core.states import move, moves

logger = logging.getLogger(__name__)
State = CaseTransfer.State
MOVES = moves(
    proposed="starting done declined", starting="waiting failed", waiting="done refused failed"
)
_OUTCOMES = {
    wecom.TAKEN: (State.DONE, "客户已由新的客户经理服务"),
    wecom.REFUSED: (State.REFUSED, "客户拒绝更换客户经理"),
    wecom.FULL: (State.FAILED, "接手人的客户数已达上限"),
}
_LEASE = datetime.timedelta(minutes=2)
_LOOK_AGAIN = datetime.timedelta(minutes=30)


def successors(giver: User) -> QuerySet[User]:
    """Colleagues of the same branch who may take over, those with the fewest customers first."""
    rows = User.objects.filter(branch=giver.branch, role=Role.RM, is_active=True)
    return rows.exclude(pk=giver.pk).annotate(load=Count("customers")).order_by("load", "pk")


def moving(case: Case) -> CaseTransfer | None:
    """The transfer of this case that is not finished."""
    rows = CaseTransfer.objects.filter(case=case, finished_at=None)
    return rows.select_related("taker").first()


@transaction.atomic
def transfer_propose(*, case: Case, taker: User, why: str, actor: User) -> CaseTransfer:
    """Proposes that `taker` serves the customer of the case from now on."""
    case = Case.objects.select_related("alert__user__branch", "alert__customer").get(pk=case.pk)
    giver, customer = case.alert.user, case.alert.customer
    if case.state == Case.State.CLOSED:
        raise BusinessError("工单已结案，不能再提转交；需要继续处置请先重新打开。")
    if customer is None:
        raise BusinessError("这张工单没有关联到行内客户，无法转交。")
    if not why.strip():
        raise BusinessError("请写明为什么要更换客户经理。")
    if not successors(giver).filter(pk=taker.pk).exists():
        raise BusinessError("接手人要是同一机构在岗的另一位客户经理。")
    row = CaseTransfer(
        case=case, branch=giver.branch, customer=customer, giver=giver, taker=taker,
        why=why.strip()[:300], proposed_by=actor,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise BusinessError("这位客户已有一项转交正在办理。") from None
    after = {"customer": customer.pk, "taker": taker.name}
    record("transfer.propose", actor=actor, obj=row, after=after, reason=row.why)
    notice_send(
        to=heads_of(giver.branch),
        text=f"合规建议把{giver.name}的一位客户转交给{taker.name}，请办理。",
        url=reverse("compliance:transfers"),
        key=f"case-transfer:{row.pk}",
    )
    return row


@transaction.atomic
def transfer_carry_out(*, transfer: CaseTransfer, actor: User) -> CaseTransfer:
    """Hands the friendship over at WeCom, or only the ownership where there is none any more."""
    row = _locked(transfer.pk)
    follow = Follow.objects.filter(
        user=row.giver, contact__customer=row.customer, state=Follow.State.ACTIVE
    ).first()
    row.decided_by, row.decided_at = actor, timezone.now()
    if follow is None:
        _finish(row, State.DONE, "已无好友关系，已改由接手人服务，并请他添加客户")
        _ask_to_add(row)
    else:
        move(row, MOVES, State.STARTING)
        row.contact_id, row.look_at = follow.contact_id, timezone.now()
        row.save()
        _ring()
    record("transfer.start", actor=actor, obj=row, after={"state": row.state})
    return row


@transaction.atomic
def transfer_decline(*, transfer: CaseTransfer, reason: str, actor: User) -> CaseTransfer:
    if not reason.strip():
        raise BusinessError("请写明为什么不办理，提出人要知道。")
    row = _locked(transfer.pk)
    move(row, MOVES, State.DECLINED)
    row.decided_by, row.decided_at = actor, timezone.now()
    row.outcome, row.finished_at = reason.strip()[:200], timezone.now()
    row.save()
    record("transfer.decline", actor=actor, obj=row, reason=row.outcome)
    return row


def _locked(pk: int) -> CaseTransfer:
    rows = CaseTransfer.objects.select_for_update(of=("self",))
    return rows.select_related("giver", "taker", "customer", "contact").get(pk=pk)


def work() -> int:
    """Starts what was decided and reads what WeCom made of it; returns how many moved on."""
    count = 0
    while row := _claim():
        try:
            count += _advance(row)
        except wecom.ProviderError as error:
            # The lease brings it back; a call without an answer is looked up before it is repeated.
            logger.warning("transfer %s: %s", row.pk, error.message)
    return count


@transaction.atomic
def _claim() -> CaseTransfer | None:
    rows = CaseTransfer.objects.select_for_update(skip_locked=True, of=("self",))
    due = rows.filter(look_at__lte=timezone.now()).order_by("look_at")
    row = due.select_related("giver", "taker", "contact").first()
    if row:
        row.look_at = timezone.now() + _LEASE
        row.save(update_fields=["look_at"])
    return row


def _advance(row: CaseTransfer) -> bool:
    assert row.contact is not None  # noqa: S101 - only transfers with a friendship are looked at
    people = (str(row.giver.wecom_userid), str(row.taker.wecom_userid), row.contact.external_userid)
    status = wecom.transfer_status(*people)
    refusal = ""
    if row.state == State.STARTING and status != wecom.WAITING:
        refusal = wecom.transfer_start(*people)
        status = wecom.WAITING
    return _note(row.pk, status, refusal)


@transaction.atomic
def _note(pk: int, status: int | None, refusal: str) -> bool:
    row = _locked(pk)
    if refusal:
        _finish(row, State.FAILED, refusal)
    elif status == wecom.WAITING:
        before = row.state
        if before == State.STARTING:
            move(row, MOVES, State.WAITING)
        row.look_at = timezone.now() + _LOOK_AGAIN
        row.save()
        return before != row.state
    else:
        _finish(row, *_OUTCOMES.get(status or 0, (State.FAILED, "企业微信没有完成这次转交")))
    record("transfer.finish", actor=SYSTEM, obj=row, after={"state": row.state})
    return True


def _finish(row: CaseTransfer, state: str, outcome: str) -> None:
    move(row, MOVES, state)
    row.outcome, row.look_at, row.finished_at = outcome, None, timezone.now()
    row.save()
    if state == State.DONE:
        Customer.objects.filter(pk=row.customer_id, owner=row.giver).update(owner=row.taker)


def _ask_to_add(row: CaseTransfer) -> None:
    Task.objects.get_or_create(
        source=f"transfer:{row.pk}",
        defaults={
            "owner": row.taker,
            "customer": row.customer,
            "kind": Task.Kind.CHURN,
            "reason": f"由{row.giver.name}转交，原好友关系已解除，请重新添加客户",
            "action": "去添加",
            "priority": 90,
            "due_on": timezone.localdate() + datetime.timedelta(days=3),
        },
    )


def _ring() -> None:
    # Imported here: the task calls back into this module.
    from compliance.tasks import transfers_work

    bell.ring(transfers_work)
