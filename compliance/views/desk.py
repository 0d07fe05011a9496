"""审核台: queue, conversation and decision on one page that is never left."""

from typing import Any

from django.core.paginator import Page
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.http import push_url

from compliance import alerts as service
from compliance.conflicts import conflict_of
from compliance.lexicon import CATEGORIES
from compliance.models import Alert
from compliance.models.alerts import SEVERITIES
from compliance.selectors import archive, desk
from scrm.accounts.request import Request
from scrm.audit.services import record
from scrm.core.access import OFFICER, access
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch

REASONS = {
    "排除": (
        "正常业务沟通，未承诺收益",
        "系统误报：引用监管或产品说明原文",
        "风险提示用语，非违规承诺",
    ),
    "确认": (
        "承诺保本或收益，违反销售行为规范",
        "引导客户到行外渠道",
        "索要密码或验证码",
        "私下资金往来",
    ),
}


def _filters(request: Request) -> tuple[str, str]:
    tab = request.GET.get("tab", "open")
    return (tab if tab in desk.TABS else "open"), request.GET.get("severity", "")


def _queue(request: Request) -> Page[Alert]:
    return page_of(request, desk.queue(request.user, *_filters(request)))


def _detail(request: Request, alert: Alert) -> dict[str, Any]:
    """Everything about one alert; showing its conversation is itself recorded."""
    user = request.user
    record("archive.view", actor=user, obj=alert.message, after={"alert": alert.pk})
    return {
        "talk": archive.talk_around(alert.message, user),
        "findings": alert.scan.findings,
        "category": CATEGORIES.get(alert.category, (alert.category, 0))[0],
        "staff_history": desk.history(user, user=alert.user),
        "customer_history": desk.history(user, customer=alert.customer) if alert.customer else None,
        "conflict": conflict_of(alert, user),
        "can_decide": _can_decide(alert, request),
        "proposal": service.DECISIONS.get(alert.proposal, ""),
        "case": getattr(alert, "case", None),
    }


def _can_decide(alert: Alert, request: Request) -> bool:
    if conflict_of(alert, request.user):
        return False
    if alert.state == Alert.State.AWAITING_SECOND:
        return alert.first_by_id != request.user.pk
    mine = alert.claimed_by_id == request.user.pk
    free = alert.state == Alert.State.NEW or service.claim_expired(alert)
    return alert.state in desk.OPEN_STATES and (mine or free)


def _show(request: Request, alert: Alert | None) -> HttpResponse:
    """The desk on that alert, or on the first of the queue."""
    tab, severity = _filters(request)
    page = _queue(request)
    alert = alert or next(iter(page), None)
    keys = [row.pk for row in page]
    at = keys.index(alert.pk) if alert and alert.pk in keys else -1
    context: dict[str, Any] = {
        "tab": tab,
        "tabs": desk.TABS.items(),
        "counts": desk.tab_counts(request.user),
        "severity": severity,
        "severities": SEVERITIES[1:],
        "page": page,
        "rows": desk.queue_rows(page),
        "alert": alert,
        "before": keys[at - 1] if at > 0 else None,
        "next": keys[at + 1] if at + 1 < len(keys) else None,
        "reasons": REASONS,
    }
    if alert:
        context |= _detail(request, alert)
    # Chats stay out of the browser's history cache, so that going back asks for a whole page.
    context["partial"] = bool(request.htmx) and not request.htmx.history_restore_request
    template = "compliance/_desk.html" if context["partial"] else "compliance/alerts.html"
    return render(request, template, context)


@access({OFFICER}, {OFFICER})
def alerts(request: Request) -> HttpResponse:
    return _show(request, None)


@access({OFFICER}, {OFFICER})
def alert(request: Request, pk: int) -> HttpResponse:
    return _show(request, fetch(desk.alerts_of(request.user), pk=pk))


def _after(request: Request, pk: int | None) -> HttpResponse:
    """The desk again, on that alert or on the first of the queue, under its own address."""
    where = reverse("compliance:alert", args=[pk]) if pk else reverse("compliance:alerts")
    address = f"{where}?{request.GET.urlencode()}" if request.GET else where
    if not request.htmx:
        return go(request, address)
    row = fetch(desk.alerts_of(request.user), pk=pk) if pk else None
    return push_url(_show(request, row), address)


@require_POST
@access(set(), {OFFICER})
def alert_claim(request: Request, pk: int) -> HttpResponse:
    row = fetch(Alert.objects.visible_to(request.user), pk=pk)
    perform(
        request,
        lambda: service.alert_claim(alert=row, actor=request.user),
        "已领取，30 分钟内有效。",
    )
    return _after(request, pk)


@require_POST
@access(set(), {OFFICER})
def alert_release(request: Request, pk: int) -> HttpResponse:
    row = fetch(Alert.objects.visible_to(request.user), pk=pk)
    perform(request, lambda: service.alert_release(alert=row, actor=request.user), "已放回队列。")
    return _after(request, pk)


@require_POST
@access(set(), {OFFICER})
def alert_decide(request: Request, pk: int) -> HttpResponse:
    """On success the next alert of the queue is shown; a refusal stays where it is."""
    row = fetch(Alert.objects.visible_to(request.user), pk=pk)
    keys = [item.pk for item in _queue(request)]
    following = next((key for key in keys[keys.index(pk) + 1 :]), None) if pk in keys else None
    decision = request.POST.get("decision", "")
    done = perform(
        request,
        lambda: service.alert_decide(
            alert=row, decision=decision, reason=request.POST.get("reason", ""), actor=request.user
        ),
        f"已提交「{service.DECISIONS.get(decision, '')}」。",
    )
    return _after(request, following if done else pk)
