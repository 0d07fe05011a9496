"""监督规则: what behaviour is watched, what rules close by themselves, which days are quiet."""

from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from compliance import autoreview, behaviour, calendar
from compliance.forms import AutoRuleForm
from compliance.models import Alert, AutoReviewRule, Holiday
from compliance.selectors import board
from scrm.accounts.request import Request
from scrm.core.access import HQ, OFFICER, access
from scrm.core.errors import BusinessError
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch

State = AutoReviewRule.State


@access({OFFICER, HQ})
def behaviour_rules(request: Request) -> HttpResponse:
    counts = board.behaviour_counts(request.user)
    rows = [
        {"rule": rule, "when": rule.when(), **counts.get(rule.code, {"total": 0, "confirmed": 0})}
        for rule in behaviour.RULES
    ]
    return render(request, "compliance/behaviour.html", {"rows": rows})


def _rules(request: Request) -> Any:
    kept = Q(alerts__auto_sampled=True)
    rows = AutoReviewRule.objects.visible_to(request.user)
    return (
        rows.select_related("proposed_by", "approved_by", "branch")
        .annotate(
            closed=Count("alerts", filter=~kept),
            sampled=Count("alerts", filter=kept),
            wrong=Count("alerts", filter=kept & Q(alerts__state=Alert.State.CONFIRMED)),
        )
        .order_by("-id")
    )


@access({OFFICER}, {OFFICER})
def auto_rules(request: Request) -> HttpResponse:
    form = AutoRuleForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid() and _propose(request, form):
        return go(request, "compliance:auto_rules")
    page = page_of(request, _rules(request))
    for rule in page:
        rule.sentence = autoreview.sentence(rule)
    return render(request, "compliance/auto_rules.html", {"form": form, "page": page})


def _propose(request: Request, form: AutoRuleForm) -> bool:
    values = dict(form.cleaned_data)
    return perform(
        request,
        lambda: autoreview.autorule_propose(values=values, actor=request.user),
        "已提出，由另一位合规人员批准后生效。",
    )


@require_POST
@access(set(), {OFFICER})
def auto_rule_decide(request: Request, pk: int) -> HttpResponse:
    """POST act=approve | retire, reason."""
    rule = fetch(AutoReviewRule.objects.visible_to(request.user), pk=pk)
    if request.POST.get("act") == "approve":
        perform(
            request,
            lambda: autoreview.autorule_approve(rule=rule, actor=request.user),
            "已批准，新的 S0–S1 预警开始按它处理。",
        )
    else:
        reason = request.POST.get("reason", "")
        perform(
            request,
            lambda: autoreview.autorule_retire(rule=rule, reason=reason, actor=request.user),
            "已停用。",
        )
    return go(request, "compliance:auto_rules")


@access({OFFICER, HQ}, {OFFICER, HQ})
def holidays(request: Request) -> HttpResponse:
    """GET shows the calendar; POST text=lines adds to it, naming every bad line."""
    text, error = request.POST.get("text", ""), ""
    if request.method == "POST":
        try:
            count = calendar.holidays_import(text=text, actor=request.user)
        except BusinessError as refused:
            error = refused.message
        else:
            perform(request, lambda: None, f"已写入 {count} 天。")
            return go(request, "compliance:holidays")
    context = {"page": page_of(request, Holiday.objects.order_by("-on")), "text": text}
    return render(request, "compliance/holidays.html", context | {"error": error})
