"""Raises alerts: each cause once, repetition weighed, the gravest contained at once."""

import datetime
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from compliance.archive import locks
from compliance.deadlines import alert_due
from compliance.lexicon.policy import REPEATS_TO_RAISE
from compliance.models import Alert, ArchivedMessage, MessageScan
from compliance.signals import alert_grave
from scrm.accounts.models import User

_REPEATS_WITHIN = datetime.timedelta(hours=24)
_GRAVEST = 4


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an alert is raised. Of a message or a condition there is never more than one."""

    user: User
    severity: int
    category: str
    customer_id: int | None = None
    message: ArchivedMessage | None = None
    scan: MessageScan | None = None
    rule_id: str = ""
    subject: str = Alert.Subject.MESSAGE
    title: str = ""
    facts: list[list[str]] = field(default_factory=list)
    condition: str | None = None


def message_cause(
    message: ArchivedMessage, user: User, scan: MessageScan, findings: list[dict[str, Any]]
) -> Cause:
    """The cause that a scanned message gives: its worst finding."""
    worst = max(findings, key=lambda finding: finding["severity"])
    return Cause(
        user=user,
        severity=worst["severity"],
        category=worst["category"],
        customer_id=message.customer_id,
        message=message,
        scan=scan,
        rule_id=worst["rule_id"][:60],
    )


@transaction.atomic
def alerts_raise(causes: list[Cause]) -> int:
    """Stores the alerts that are new; returns how many. Contains the gravest in the same commit."""
    fresh = _fresh(causes) if causes else []
    if not fresh:
        return 0
    repeats = _Repeats(fresh)
    rows = [_alert(cause, repeats.severity(cause)) for cause in fresh]
    before = Alert.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    Alert.objects.bulk_create(rows, ignore_conflicts=True)
    made = Alert.objects.filter(pk__gt=before).filter(_same(rows))
    graves = list(made.filter(severity__gte=_GRAVEST).select_related("user__branch", "message"))
    if graves:
        # They are put under legal hold: purges take this lock first and the log's second, as here.
        locks.until_commit(locks.PURGE)
    for alert in graves:
        alert_grave.send(Alert, alert=alert)
    return made.count()


def _same(rows: list[Alert]) -> Q:
    return Q(message__in=[row.message_id for row in rows if row.message_id]) | Q(
        condition__in=[row.condition for row in rows if row.condition]
    )


def _fresh(causes: list[Cause]) -> list[Cause]:
    """Those about which nothing has been raised yet."""
    messages = Alert.objects.filter(message__in=[c.message for c in causes if c.message])
    conditions = Alert.objects.filter(condition__in=[c.condition for c in causes if c.condition])
    told = set(messages.values_list("message_id", flat=True))
    known = set(conditions.values_list("condition", flat=True))
    return [
        cause
        for cause in causes
        if not (cause.message and cause.message.pk in told)
        and not (cause.condition and cause.condition in known)
    ]


class _Repeats:
    """How often each employee was found in a category within a day, this batch included.

    The third attempt counts as one level graver, in whatever words it is made.
    """

    def __init__(self, causes: list[Cause]) -> None:
        since = timezone.now() - _REPEATS_WITHIN
        rows = Alert.objects.filter(
            user__in={cause.user.pk for cause in causes},
            raised_at__gte=since,
            subject=Alert.Subject.MESSAGE,
        )
        self.seen = Counter(rows.values_list("user_id", "category"))

    def severity(self, cause: Cause) -> int:
        if cause.subject != Alert.Subject.MESSAGE or cause.severity == 0:
            return cause.severity
        key = (cause.user.pk, cause.category)
        self.seen[key] += 1
        return min(_GRAVEST, cause.severity + (self.seen[key] >= REPEATS_TO_RAISE))


def _alert(cause: Cause, severity: int) -> Alert:
    now = timezone.now()
    facts = list(cause.facts)
    if severity > cause.severity:
        facts.append(["升级原因", f"24 小时内第 {REPEATS_TO_RAISE} 次以上同类命中，级别上调一级"])
    return Alert(
        subject=cause.subject,
        message=cause.message,
        scan=cause.scan,
        title=cause.title[:120],
        facts=facts,
        condition=cause.condition,
        rule_id=cause.rule_id,
        severity=severity,
        category=cause.category,
        user=cause.user,
        customer_id=cause.customer_id,
        branch=cause.user.branch,
        raised_at=now,
        due_at=alert_due(severity, now),
    )
