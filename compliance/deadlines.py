"""Until when a finding must be looked at and a case be closed, by severity."""

import datetime

from django.utils import timezone

_HOURS = {3: 4, 4: 1}
_CASE_DAYS = {0: 30, 1: 30, 2: 14, 3: 7, 4: 3}
_SATURDAY = 5


def alert_due(severity: int, since: datetime.datetime) -> datetime.datetime:
    """S4: one hour; S3: four hours; S2: one working day; below: with the weekly report."""
    if severity in _HOURS:
        return since + datetime.timedelta(hours=_HOURS[severity])
    return _next_working_day(since) if severity == 2 else since + datetime.timedelta(days=7)


def _next_working_day(since: datetime.datetime) -> datetime.datetime:
    """The same time on the next Monday to Friday; public holidays are not known here."""
    due = since + datetime.timedelta(days=1)
    while timezone.localtime(due).weekday() >= _SATURDAY:
        due += datetime.timedelta(days=1)
    return due


def case_due(severity: int, since: datetime.datetime) -> datetime.datetime:
    return since + datetime.timedelta(days=_CASE_DAYS[severity])
