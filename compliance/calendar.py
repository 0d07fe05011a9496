"""Which days the bank works: the weekday, corrected by the table of announced holidays."""

import datetime
import re

from django.conf import settings
from django.db import transaction

from compliance.models import Holiday
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.errors import BusinessError

_SATURDAY = 5
_LINE = re.compile(r"(\d{4}-\d{2}-\d{2})[\s,，]+([^\s,，]{1,30})(?:[\s,，]+(放假|上班))?")
_KINDS = {"放假": Holiday.Kind.REST, "上班": Holiday.Kind.WORK, None: Holiday.Kind.REST}


def is_working_day(day: datetime.date) -> bool:
    """For deadlines: Monday to Friday unless announced otherwise."""
    kind = Holiday.objects.filter(on=day).values_list("kind", flat=True).first()
    if kind is not None:
        return bool(kind == Holiday.Kind.WORK)
    return day.weekday() < _SATURDAY


def rest_day(day: datetime.date) -> str:
    """Why marketing rests on that day, in words; empty on other days.

    Announced holidays, and the weekdays of QUIET_WEEKDAYS ("7" = Sunday) unless worked.
    """
    row = Holiday.objects.filter(on=day).first()
    if row is not None:
        return row.name if row.kind == Holiday.Kind.REST else ""
    quiet = {int(number) for number in settings.QUIET_WEEKDAYS.split(",") if number.strip()}
    return "周" + "一二三四五六日"[day.weekday()] if day.isoweekday() in quiet else ""


@transaction.atomic
def holidays_import(*, text: str, actor: User) -> int:
    """Lines of "2026-10-01 国庆节 放假|上班"; a day given again is replaced. Names every bad line."""
    rows, bad = [], []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        row = _parsed(line)
        if row is None:
            bad.append(f"第{number}行：{line.strip()[:40]}")
        else:
            rows.append(row)
    if bad or not rows:
        raise BusinessError("；".join(bad) or "没有任何日期。", code="rows")
    for row in rows:
        row.by = actor
    Holiday.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["on"], update_fields=["kind", "name", "by"]
    )
    record("holiday.import", actor=actor, label=f"{len(rows)} 天", after={"天数": len(rows)})
    return len(rows)


def _parsed(line: str) -> Holiday | None:
    match = _LINE.fullmatch(line.strip())
    if match is None:
        return None
    try:
        day = datetime.date.fromisoformat(match[1])
    except ValueError:
        return None
    return Holiday(on=day, name=match[2], kind=_KINDS[match[3]])
