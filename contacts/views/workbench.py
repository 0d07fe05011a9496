"""The RM's day: whom to contact first, and why."""

import datetime
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from contacts import services
from contacts.forms import CompleteForm, SkipForm, SnoozeForm
from contacts.models import Task
from contacts.panels import panels
from contacts.selectors import day_of
from contacts.views.back import back
from scrm.accounts.request import Request
from scrm.core.access import ADMIN, HQ, RM, access
from scrm.core.errors import BusinessError
from scrm.core.forms import TablerForm, first_error
from scrm.core.pages import perform
from scrm.core.scope import fetch

# More than anybody does in a day; the rest comes up as these are done.
_SHOWN = 60
_WORKERS = {RM, ADMIN, HQ}


@access({RM})
def workbench(request: Request) -> HttpResponse:
    context = _context(request) | {"panels": panels("workbench_side", request=request)}
    return render(request, "contacts/workbench.html", context)


def _context(request: Request) -> dict[str, Any]:
    today = timezone.localdate()
    tasks = Task.objects.due().visible_to(request.user).filter(owner=request.user)
    rows = list(tasks.select_related("customer").order_by("-priority", "due_on", "id")[:_SHOWN])
    groups = [
        ("今天", [row for row in rows if row.due_on <= today]),
        ("本周", [row for row in rows if today < row.due_on <= today + datetime.timedelta(days=7)]),
        ("以后", [row for row in rows if row.due_on > today + datetime.timedelta(days=7)]),
    ]
    day = day_of(request.user)
    return {
        "groups": [group for group in groups if group[1]],
        "day": day,
        "hidden": day.due - len(rows),
    }


def _after(request: Request, task: Task) -> HttpResponse:
    """The workbench gets its list anew, other pages are gone back to."""
    if getattr(request, "htmx", False):
        return render(request, "contacts/_day.html", _context(request))
    return back(request, "contacts:workbench")


def _act(
    request: Request, pk: int, form: TablerForm, act: Callable[..., Any], done: str
) -> HttpResponse:
    task: Task = fetch(Task.objects.visible_to(request.user), pk=pk)

    def run() -> None:
        if not form.is_valid():
            raise BusinessError(first_error(form))
        act(task=task, actor=request.user, **form.cleaned_data)

    perform(request, run, done)
    return _after(request, task)


@access(set(), _WORKERS)
def task_complete(request: Request, pk: int) -> HttpResponse:
    return _act(request, pk, CompleteForm(request.POST), services.task_complete, "已完成。")


@access(set(), _WORKERS)
def task_skip(request: Request, pk: int) -> HttpResponse:
    return _act(request, pk, SkipForm(request.POST), services.task_skip, "已跳过。")


@access(set(), _WORKERS)
def task_snooze(request: Request, pk: int) -> HttpResponse:
    return _act(request, pk, SnoozeForm(request.POST), services.task_snooze, "已推迟。")
