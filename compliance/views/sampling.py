"""抽检: draw a sample, judge it, read the rates."""

import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from compliance.conflicts import conflict_with
from compliance.forms import SamplingForm
from compliance.models import Sample, SamplingPlan
from compliance.models.alerts import SEVERITIES
from compliance.sampling import plan_draw, sample_review
from compliance.selectors import archive
from compliance.selectors import sampling as selectors
from scrm.accounts.request import Request
from scrm.audit.services import record
from scrm.core.access import OFFICER, access
from scrm.core.errors import BusinessError
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch


@access({OFFICER}, {OFFICER})
def plans(request: Request) -> HttpResponse:
    today = timezone.localdate()
    initial = {
        "since": today - datetime.timedelta(days=7),
        "until": today,
        "branch": request.user.branch,
    }
    form = SamplingForm(request.POST or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        plan = _drawn(request, form)
        if plan:
            return go(request, "compliance:sampling_plan", plan.pk)
    context = {"form": form, "page": page_of(request, selectors.plans_of(request.user))}
    return render(request, "compliance/sampling.html", context)


def _drawn(request: Request, form: SamplingForm) -> SamplingPlan | None:
    values = dict(form.cleaned_data)
    seed = values.pop("seed")
    try:
        return plan_draw(values=values, actor=request.user, seed=seed)
    except BusinessError as error:
        form.add_error(None, error.message)
        return None


@access({OFFICER})
def plan(request: Request, pk: int) -> HttpResponse:
    row, user = fetch(selectors.plans_of(request.user), pk=pk), request.user
    result = request.GET.get("result", "")
    rows = selectors.samples_of(user, row)
    context = {
        "plan": row,
        "overall": selectors.overall(user, row),
        "tables": [
            ("按机构", selectors.by(user, row, "user__branch__name")),
            ("按客户经理", selectors.by(user, row, "user__name")),
            ("按层", selectors.by(user, row, "stratum")),
        ],
        "page": page_of(request, rows.filter(result=result) if result else rows),
        "result": result,
        "results": Sample.Result.choices,
        "strata": selectors.STRATA.items(),
    }
    return render(request, "compliance/sampling_plan.html", context)


@access({OFFICER})
def sample(request: Request, pk: int) -> HttpResponse:
    row: Any = fetch(selectors.samples_of(request.user), pk=pk)
    record("archive.view", actor=request.user, obj=row.message, after={"sample": row.pk})
    scan = row.message.scans.order_by("-id").first()
    context = {
        "sample": row,
        "talk": archive.talk_around(row.message, request.user),
        "findings": scan.shown(row.message.text) if scan else [],
        "conflict": conflict_with(row.user, request.user),
        "severities": SEVERITIES[1:],
        "stratum": selectors.STRATA.get(row.stratum, row.stratum),
    }
    return render(request, "compliance/sample.html", context)


@require_POST
@access(set(), {OFFICER})
def review(request: Request, pk: int) -> HttpResponse:
    """POST result=pass|violation, note, severity; leads to the next sample of the plan."""
    row = fetch(selectors.samples_of(request.user), pk=pk)
    data = request.POST
    level = data.get("severity", "")
    done = perform(
        request,
        lambda: sample_review(
            sample=row,
            result=data.get("result", ""),
            note=data.get("note", ""),
            severity=int(level) if level.isdigit() else 2,
            actor=request.user,
        ),
        "已判定。",
    )
    if not done:
        return go(request, "compliance:sample", pk)
    waiting = selectors.samples_of(request.user, row.plan).filter(result=Sample.Result.PENDING)
    following = waiting.first()
    if following:
        return go(request, "compliance:sample", following.pk)
    return go(request, "compliance:sampling_plan", row.plan_id)
