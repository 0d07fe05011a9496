"""Until when a finding must be looked at and a case be closed, by severity."""

import datetime

from django.utils import timezone

from compliance.calendar import is_working_day

_HOURS = {3: 4, 4: 1}
_CASE_DAYS = {0: 30, 1: 30, 2: 14, 3: 7, 4: 3}


def alert_due(severity: int, since: datetime.datetime) -> datetime.datetime:
    """S4: one hour; S3: four hours; S2: one working day; below: with the weekly report."""
    if severity in _HOURS:
        return since + datetime.timedelta(hours=_HOURS[severity])
    return _next_working_day(since) if severity == 2 else since + datetime.timedelta(days=7)


def _next_working_day(since: datetime.datetime) -> datetime.datetime:
    """The same time on the next working day of the bank's calendar."""
    due = since + datetime.timedelta(days=1)
    while not is_working_day(timezone.localtime(due).date()):
        due += datetime.timedelta(days=1)
    return due


def case_due(severity: int, since: datetime.datetime) -> datetime.datetime:
    return since + datetime.timedelta(days=_CASE_DAYS[severity])


# Consumer complaints: an answer within 15 days, in complicated cases within 60.
_COMPLAINT_DAYS, _COMPLAINT_LONGEST = 15, 60


def complaint_due(since: datetime.datetime) -> datetime.datetime:
    return since + datetime.timedelta(days=_COMPLAINT_DAYS)


def complaint_extended(due: datetime.datetime) -> datetime.datetime:
    return due + datetime.timedelta(days=_COMPLAINT_LONGEST - _COMPLAINT_DAYS)
