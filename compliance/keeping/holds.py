"""Legal holds: placed by one person, released by two, stronger than any retention rule."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from compliance.archive import locks
from compliance.models import ArchivedMessage, Case, LegalHold
from contacts.models import Customer
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.actors import Actor
from scrm.core.errors import BusinessError, FourEyes
from scrm.core.states import move, moves

State = LegalHold.State
MOVES = moves(active="releasing", releasing="active released")
_AROUND_A_CASE = datetime.timedelta(days=30)


@transaction.atomic
def hold_place(
    *,
    matter: str,
    reason: str,
    actor: Actor,
    customer: Customer | None = None,
    user: User | None = None,
    case: Case | None = None,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
) -> LegalHold:
    """From its commit on nothing in its scope is purged: a running purge is waited for first."""
    if not matter.strip() or not reason.strip():
        raise BusinessError("请写明保全事项和理由。")
    if not any((customer, user, case, since, until)):
        raise BusinessError("请至少限定客户、员工、工单或期间中的一项。")
    # Waits for a batch in progress and makes the next one see this row.
    locks.until_commit(locks.PURGE)
    hold = LegalHold.objects.create(
        matter=matter.strip()[:120],
        reason=reason.strip()[:500],
        customer=customer,
        user=user,
        case=case,
        since=since,
        until=until,
        placed_by_id=actor.pk,
    )
    record("hold.place", actor=actor, obj=hold, after=facts(hold), reason=reason)
    return hold


def facts(hold: LegalHold) -> dict[str, Any]:
    """The scope, for audit trail and log."""
    return {
        "customer": hold.customer_id,
        "user": hold.user_id,
        "case": hold.case_id,
        "since": hold.since.isoformat() if hold.since else None,
        "until": hold.until.isoformat() if hold.until else None,
        "state": hold.state,
    }


def _locked(hold: LegalHold) -> LegalHold:
    return LegalHold.objects.select_for_update().get(pk=hold.pk)


@transaction.atomic
def hold_propose_release(*, hold: LegalHold, reason: str, actor: User) -> LegalHold:
    """The hold goes on until a second person agrees."""
    if not reason.strip():
        raise BusinessError("请写明解除理由。")
    hold = _locked(hold)
    move(hold, MOVES, State.RELEASING)
    hold.release_proposed_by, hold.release_reason = actor, reason.strip()[:500]
    hold.save()
    record("hold.propose_release", actor=actor, obj=hold, after=facts(hold), reason=reason)
    return hold


@transaction.atomic
def hold_decide_release(*, hold: LegalHold, agree: bool, actor: User) -> LegalHold:
    """The second person ends the hold, or keeps it."""
    hold = _locked(hold)
    if hold.release_proposed_by_id == actor.pk:
        raise FourEyes("解除保全需要两个人：不能复核自己的申请。", code="four_eyes")
    move(hold, MOVES, State.RELEASED if agree else State.ACTIVE)
    if agree:
        hold.released_by, hold.released_at = actor, timezone.now()
    else:
        hold.release_proposed_by, hold.release_reason = None, ""
    hold.save()
    record("hold.release" if agree else "hold.keep", actor=actor, obj=hold, after=facts(hold))
    return hold


def in_force() -> list[LegalHold]:
    rows = LegalHold.objects.exclude(state=State.RELEASED)
    return list(rows.select_related("case__alert__message").order_by("id"))


def scope(hold: LegalHold) -> Q:
    """The messages under a hold."""
    query = Q()
    if hold.customer_id:
        query &= Q(customer=hold.customer_id)
    if hold.user_id:
        query &= Q(user=hold.user_id)
    if hold.case is not None:
        query &= _around(hold.case)
    if hold.since:
        query &= Q(sent_at__gte=_midnight(hold.since))
    if hold.until:
        query &= Q(sent_at__lt=_midnight(hold.until + datetime.timedelta(days=1)))
    return query


def _around(case: Case) -> Q:
    """A case holds the conversation of its alert, thirty days before and after."""
    message = getattr(case.alert, "message", None)
    if message is None:
        return Q(user=case.alert.user_id)
    near = (message.sent_at - _AROUND_A_CASE, message.sent_at + _AROUND_A_CASE)
    return Q(conversation=message.conversation, sent_at__range=near)


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))


def held(messages: Sequence[ArchivedMessage]) -> dict[int, LegalHold]:
    """By message id, the first hold that covers it."""
    ids = [message.pk for message in messages]
    found: dict[int, LegalHold] = {}
    for hold in in_force():
        rows = ArchivedMessage.objects.filter(scope(hold), pk__in=ids)
        for pk in rows.values_list("pk", flat=True):
            found.setdefault(pk, hold)
    return found
