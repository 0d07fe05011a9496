"""Campaigns: list, editor, detail with funnel and ledger, and the buttons that move them."""

import datetime
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from campaigns import ledger, selectors, services
from campaigns.forms import CampaignForm, campaign_initial
from campaigns.models import Campaign
from compliance.gate import told
from contacts.selectors import segment_queryset
from scrm.accounts.request import Request
from scrm.core.access import ADMIN, HQ, access
from scrm.core.errors import BusinessError
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch

EDITORS = {ADMIN, HQ}


@access(EDITORS)
def campaigns(request: Request) -> HttpResponse:
    page = page_of(request, selectors.campaign_rows(request.user))
    funnels = selectors.funnels(list(page))
    for campaign in page:
        campaign.funnel = funnels[campaign.pk]
    return render(request, "campaigns/campaigns.html", {"page": page})


def _plan(form: CampaignForm) -> services.Plan:
    data = dict(form.cleaned_data)
    data["versions"] = list(data["versions"].order_by("pk"))
    return services.Plan(**data)


@access(EDITORS, EDITORS)
def campaign_create(request: Request) -> HttpResponse:
    initial = {"ends_on": timezone.localdate() + datetime.timedelta(days=7), "holdout_percent": 0}
    form = CampaignForm(request.POST or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        campaign = services.campaign_create(plan=_plan(form), actor=request.user)
        messages.success(request, "活动草稿已保存。核对右侧摘要后提交审批。")
        return redirect("campaigns:campaign_edit", campaign.pk)
    return render(request, "campaigns/campaign_edit.html", {"form": form, "campaign": None})


@access(EDITORS, EDITORS)
def campaign_edit(request: Request, pk: int) -> HttpResponse:
    campaign = _campaign(request, pk)
    form = CampaignForm(request.POST or None, user=request.user, initial=campaign_initial(campaign))
    if request.method == "POST" and form.is_valid() and _update(request, campaign, form):
        return redirect("campaigns:campaign_edit", pk)
    return render(request, "campaigns/campaign_edit.html", {"form": form, "campaign": campaign})


def _update(request: Request, campaign: Campaign, form: CampaignForm) -> bool:
    return perform(
        request,
        lambda: services.campaign_update(campaign=campaign, plan=_plan(form), actor=request.user),
        "已保存；如果之前已通过审批，审批已作废，需要重新提交。",
    )


@access(EDITORS, EDITORS)
def campaign_summary(request: Request) -> HttpResponse:
    """The live summary beside the editor: who would get it, of the form as it stands."""
    form = CampaignForm(request.POST, user=request.user)
    form.is_valid()
    segment = form.cleaned_data.get("segment")
    context: dict[str, Any] = {"segment": segment, "versions": form.cleaned_data.get("versions")}
    if segment is not None:
        people = segment_queryset(segment.rule, user=request.user)
        friends = people.filter(contacts__follows__state="active").distinct()
        size, reachable = people.count(), friends.count()
        context |= {
            "size": size,
            "friends": reachable,
            "unreachable": size - reachable,
            "rms": friends.values("contacts__follows__user").distinct().count(),
        }
    return render(request, "campaigns/_summary.html", context)


def _campaign(request: Request, pk: int) -> Campaign:
    campaign: Campaign = fetch(selectors.campaign_rows(request.user), pk=pk)
    return campaign


@access(EDITORS)
def campaign(request: Request, pk: int) -> HttpResponse:
    row = _campaign(request, pk)
    return render(request, "campaigns/campaign.html", _detail(request, row))


@access(EDITORS)
def campaign_progress(request: Request, pk: int) -> HttpResponse:
    row = _campaign(request, pk)
    return render(request, "campaigns/_progress.html", _detail(request, row))


def _detail(request: Request, row: Campaign) -> dict[str, Any]:
    steps = selectors.funnel(row, request.user)
    return {
        "campaign": row,
        "steps": [(name, selectors.STEP_NAMES[name], n) for name, n in steps.items()],
        "audience": steps["audience"],
        "reasons": selectors.reasons(row, request.user),
        "states": selectors.state_counts(row, request.user),
        "rms": selectors.rm_rows(row, request.user)[:30],
        "variants": selectors.variant_rows(row, request.user),
    }


@access(EDITORS)
def campaign_ledger(request: Request, pk: int) -> HttpResponse:
    row = _campaign(request, pk)
    state, reason = request.GET.get("state", ""), request.GET.get("reason", "")
    page = page_of(request, selectors.ledger_rows(row, request.user, state, reason))
    for delivery in page:
        delivery.reason_text = ledger.REASONS.get(delivery.reason, delivery.reason)
        delivery.told = told(delivery.checks)
    context = {
        "campaign": row,
        "page": page,
        "states": selectors.state_counts(row, request.user),
        "reasons": selectors.reasons(row, request.user),
        "state": state,
        "reason": reason,
    }
    return render(request, "campaigns/ledger.html", context)


def _act(service: Callable[..., Any], done: str) -> Callable[[Request, int], HttpResponse]:
    """A button: one service on one campaign, its outcome as a message."""

    @require_POST
    @access(set(), EDITORS)
    def view(request: Request, pk: int) -> HttpResponse:
        row = _campaign(request, pk)
        perform(request, lambda: service(campaign=row, actor=request.user), done)
        return go(request, "campaigns:campaign", pk)

    return access(set(), EDITORS)(view)


campaign_submit = _act(services.campaign_submit, "已提交审批，人群已冻结。")
campaign_launch = _act(services.campaign_launch, "活动已启动，正在派发给客户经理。")
campaign_pause = _act(services.campaign_pause, "已暂停，未派发的客户保持待派发。")
campaign_resume = _act(services.campaign_resume, "已继续派发。")


@require_POST
@access(set(), EDITORS)
def campaign_cancel(request: Request, pk: int) -> HttpResponse:
    row = _campaign(request, pk)
    try:
        errors = services.campaign_cancel(
            campaign=row, actor=request.user, reason=request.POST.get("reason", "")
        )
    except BusinessError as error:
        messages.error(request, error.message)
        return go(request, "campaigns:campaign", pk)
    messages.success(request, "活动已取消，未确认的任务已在企业微信停止。")
    if errors:
        messages.warning(request, f"{len(errors)} 个任务未能停止：{errors[0]}")
    return go(request, "campaigns:campaign", pk)


@require_POST
@access(set(), EDITORS)
def campaign_remind(request: Request, pk: int) -> HttpResponse:
    count, errors = services.campaign_remind(campaign=_campaign(request, pk), actor=request.user)
    messages.success(request, f"已提醒 {count} 个任务的客户经理。")
    if errors:
        messages.warning(request, f"{len(errors)} 个任务未能提醒：{errors[0]}")
    return go(request, "campaigns:campaign", pk)
