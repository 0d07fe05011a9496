"""What follows at once from an S4 alert: its conversation is put under legal hold, the branch is
told, and the employee's texts are held.

It ends when the alert is dismissed, when its case is closed, or when two people end it earlier.
"""

import datetime
from typing import Any

from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone

from compliance.keeping.holds import hold_place
from compliance.models import Alert, Case, Containment
from compliance.signals import alert_grave, case_closed
from scrm.accounts.models import User
from scrm.accounts.notices import heads_of, notice_send
from scrm.audit.services import record
from scrm.core.actors import SYSTEM, Actor
from scrm.core.errors import BusinessError, FourEyes

_AROUND = datetime.timedelta(days=30)


@receiver(alert_grave)
def on_grave(alert: Alert, **_: Any) -> None:
    """In the raising transaction: contained from the first moment on."""
    row, created = Containment.objects.get_or_create(alert=alert, defaults={"user": alert.user})
    if not created:
        return
    after = {"alert": alert.pk, "user": alert.user.username}
    record("containment.start", actor=SYSTEM, obj=row, after=after)
    _hold(alert)
    notice_send(
        to=heads_of(alert.branch),
        text=f"{alert.user.name}出现禁止级（S4）预警，其自由文本与群发已暂停，等待合规处理。",
        url="",
        key=f"s4:{alert.pk}",
    )


def _hold(alert: Alert) -> None:
    """Nothing said thirty days before and after may be purged; released by two people only."""
    at = timezone.localtime(alert.message.sent_at if alert.message else alert.raised_at).date()
    hold_place(
        matter=f"S4 预警 {alert.pk}",
        reason="禁止级预警自动保全：前后 30 天的会话不得清除",
        actor=SYSTEM,
        user=alert.user,
        customer=alert.customer,
        since=at - _AROUND,
        until=at + _AROUND,
    )


@receiver(case_closed)
def on_case_closed(case: Case, actor: Actor, **_: Any) -> None:
    lift(alert=case.alert, actor=actor, reason=f"工单 {case.pk} 已结案")


def lift(*, alert: Alert, actor: Actor, reason: str) -> bool:
    """Ends the containment of an alert; False when there was none open."""
    row = Containment.objects.select_for_update().filter(alert=alert, cleared_at=None).first()
    if row is None:
        return False
    row.cleared_at, row.cleared_by_id, row.reason = timezone.now(), actor.pk, reason[:300]
    row.save(update_fields=["cleared_at", "cleared_by", "reason"])
    record("containment.end", actor=actor, obj=row, reason=reason)
    return True


@transaction.atomic
def containment_lift(*, alert: Alert, reason: str, actor: User) -> None:
    """Ends it ahead of the case, by somebody other than those who judged the alert."""
    if not reason.strip():
        raise BusinessError("请写明解除管控的理由。")
    alert = Alert.objects.select_for_update().get(pk=alert.pk)
    if actor.pk in {alert.user_id, alert.first_by_id, alert.decided_by_id}:
        raise FourEyes(
            "解除管控需要另一位合规人员：不能由本人或作出结论的人解除。", code="four_eyes"
        )
    if not lift(alert=alert, actor=actor, reason=reason.strip()):
        raise BusinessError("这条预警没有生效中的管控。")


def contained(user: User) -> bool:
    """Whether this employee's free text needs approval and queued campaigns wait."""
    return Containment.objects.filter(user=user, cleared_at=None).exists()
