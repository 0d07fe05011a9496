"""Reads of cases: the list by deadline, and the story of one."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.utils import timezone

from compliance.models import Case, CaseAction, CaseTransfer
from scrm.accounts.models import User
from scrm.audit.models import AuditEvent

_EVENTS = {
    "case.open": ("立案", "folder-open"),
    "case.close": ("结案", "circle-check"),
    "case.reopen": ("重新打开", "refresh"),
    "case.extend": ("延期", "clock-plus"),
}


def cases_of(user: User) -> QuerySet[Case]:
    return Case.objects.visible_to(user).select_related(
        "alert__user", "alert__customer", "alert__message", "branch", "opened_by", "closed_by"
    )


def cases(user: User, state: str, *, late: bool = False) -> QuerySet[Case]:
    """Open cases by deadline; closed ones newest first."""
    rows = cases_of(user).annotate(action_count=Count("actions"))
    if state == Case.State.CLOSED:
        return rows.filter(state=state).order_by("-closed_at")
    rows = rows.filter(state=state) if state else rows.exclude(state=Case.State.CLOSED)
    return (rows.filter(due_at__lt=timezone.now()) if late else rows).order_by("due_at")


def case_counts(user: User) -> dict[str, int]:
    rows = Case.objects.visible_to(user).order_by()
    return dict(rows.values_list("state").annotate(n=Count("id")))


@dataclass(frozen=True, slots=True)
class Entry:
    """One step of a case's story."""

    at: datetime.datetime
    title: str
    icon: str
    who: str
    text: str


def entries(case: Case) -> list[Entry]:
    """What was done and decided, oldest first: measures, and events of the trail."""
    trail = AuditEvent.objects.filter(
        object_type="compliance.case", object_id=str(case.pk), action__in=_EVENTS
    )
    told = [Entry(e.at, *_EVENTS[e.action], e.actor_name, e.reason) for e in trail]
    done = [_measure(row) for row in _measures(case)] + list(_handed(case))
    return sorted(told + done, key=lambda entry: entry.at)


def _measures(case: Case) -> QuerySet[CaseAction]:
    return case.actions.select_related("by")


def _handed(case: Case) -> Iterator[Entry]:
    """Proposals that the customer gets another manager, and what became of each."""
    for row in CaseTransfer.objects.filter(case=case).select_related(
        "taker", "proposed_by", "decided_by"
    ):
        title = f"建议转交给{row.taker.name}"
        yield Entry(row.proposed_at, title, "arrows-exchange", row.proposed_by.name, row.why)
        if row.decided_at:
            who = row.decided_by.name if row.decided_by else ""
            told = f"转交{row.taker.name}：{row.get_state_display()}"
            yield Entry(row.decided_at, told, "arrows-exchange", who, row.outcome)


def _measure(row: CaseAction) -> Entry:
    return Entry(row.at, row.get_kind_display(), "tool", row.by.name, row.note)
