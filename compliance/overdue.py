"""Alerts that nobody settled in time go one level up, once per full term that has passed."""

import datetime

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from compliance import alerts, workflow
from compliance.models import Alert
from scrm.accounts.notices import notice_send, people_above
from scrm.audit.services import record
from scrm.core.access import OFFICER
from scrm.core.actors import SYSTEM

_AT_ONCE = 200
# The next level gets this long before it goes up again.
_TERM = {0: 168, 1: 168, 2: 24, 3: 4, 4: 1}


def escalate_overdue() -> int:
    """Returns how many alerts went up; each in a transaction of its own."""
    now = timezone.now()
    due = Alert.objects.filter(
        state__in=workflow.OPEN, due_at__lt=now, level__lt=workflow.TOP_LEVEL
    )
    keys = due.order_by("-severity", "due_at").values_list("pk", flat=True)[:_AT_ONCE]
    return sum(_escalate(pk, now) for pk in keys)


def _still_waits(alert: Alert, now: datetime.datetime) -> bool:
    """Went up before, and that level has not had its full term yet."""
    term = datetime.timedelta(hours=_TERM[alert.severity])
    return alert.escalated_at is not None and alert.escalated_at + term > now


@transaction.atomic
def _escalate(pk: int, now: datetime.datetime) -> bool:
    rows = Alert.objects.select_for_update(skip_locked=True, of=("self",))
    alert = rows.filter(pk=pk, state__in=workflow.OPEN).select_related("branch").first()
    if alert is None or _still_waits(alert, now):
        return False
    alert.escalated_at = now
    alerts.take(alert, workflow.overdue(alerts.situation(alert), now))
    record("alert.overdue", actor=SYSTEM, obj=alert, after={"level": alert.level})
    notice_send(
        to=people_above(alert.branch, OFFICER, levels=alert.level),
        text=f"预警 {alert.pk}（S{alert.severity}）已超期，升级到你处理。",
        url=reverse("compliance:alert", args=[alert.pk]),
        key=f"overdue:{alert.pk}:{alert.level}",
    )
    return True
