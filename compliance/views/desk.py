"""审核台: queue, conversation and decision on one page that is never left."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Page
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST
from django_htmx.http import push_url

from compliance import alerts as service
from compliance import benign, bulk, seen, workflow
from compliance.bulk import MOST
from compliance.containment import containment_lift
from compliance.models import Alert, Containment
from compliance.models.alerts import SEVERITIES
from compliance.names import category_name
from compliance.replay import replay
from compliance.selectors import archive, desk
from scrm.accounts.request import Request
from scrm.audit.services import record
from scrm.core.access import OFFICER, access
from scrm.core.errors import BusinessError
from scrm.core.pages import PAGE_SIZE, go, page_of, perform
from scrm.core.scope import fetch

REASONS = {
    "排除": (
        "正常业务沟通，未承诺收益",
        "系统误报：引用监管或产品说明原文",
        "风险提示用语，非违规承诺",
        "行为有正当业务原因，已核实",
    ),
    "确认": (
        "承诺保本或收益，违反销售行为规范",
        "引导客户到行外渠道",
        "索要密码或验证码",
        "私下资金往来",
    ),
}


def _filters(request: Request) -> desk.Filter:
    return desk.Filter.of(request.GET)


def _queue(request: Request) -> Page[Alert]:
    wanted = _filters(request)
    return page_of(request, desk.queue(request.user, wanted), MOST if wanted.bulk else PAGE_SIZE)


def _detail(request: Request, alert: Alert) -> dict[str, Any]:
    """Everything about one alert; showing its conversation is itself recorded."""
    user = request.user
    service.alert_touch(alert=alert, actor=user)
    message = alert.message
    if message:
        record("archive.view", actor=user, obj=message, after={"alert": alert.pk})
    else:
        record("alert.view", actor=user, obj=alert)
    return {
        "talk": archive.talk_around(message, user) if message else None,
        "findings": sorted(alert.findings, key=lambda found: -found["severity"]),
        "category": category_name(alert.category),
        "staff_history": desk.history(user, user=alert.user),
        "customer_history": desk.history(user, customer=alert.customer) if alert.customer else None,
        "conflict": service.barred(alert, user),
        "can_decide": _can_decide(alert, request),
        "proposal": workflow.DECISIONS.get(alert.proposal, ""),
        "case": getattr(alert, "case", None),
        "decisions": desk.decisions(alert),
        "seen": seen.note(alert, user),
        "containment": Containment.objects.filter(alert=alert, cleared_at=None).first(),
        "benign": alert.proposals.select_related("proposed_by"),
    }


def _can_decide(alert: Alert, request: Request) -> bool:
    if service.barred(alert, request.user):
        return False
    if alert.state == Alert.State.AWAITING_SECOND:
        return alert.first_by_id != request.user.pk
    who = service.person(alert, request.user)
    held = workflow.held_by_another(service.situation(alert), who, timezone.now())
    return alert.state in desk.OPEN_STATES and not held


def _show(request: Request, alert: Alert | None) -> HttpResponse:
    """The desk on that alert, or on the first of the queue."""
    wanted = _filters(request)
    page = _queue(request)
    alert = alert or next(iter(page), None)
    keys = [row.pk for row in page]
    at = keys.index(alert.pk) if alert and alert.pk in keys else -1
    context: dict[str, Any] = {
        "wanted": wanted,
        "tabs": desk.TABS.items(),
        "counts": desk.tab_counts(request.user),
        "severities": SEVERITIES[1:],
        "page": page,
        "rows": desk.queue_rows(page),
        "alert": alert,
        "before": keys[at - 1] if at > 0 else None,
        "next": keys[at + 1] if at + 1 < len(keys) else None,
        "reasons": REASONS,
        "most": MOST,
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


@access({OFFICER})
def alert_replay(request: Request, pk: int) -> HttpResponse:
    """Judges the message again with the versions that its decision names, and says the outcome."""
    row = fetch(desk.alerts_of(request.user).exclude(scan=None), pk=pk)
    outcome = replay(row.scan)
    return render(request, "compliance/_replay.html", {"replay": outcome, "alert": row})


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


def _following(request: Request, pk: int) -> int | None:
    keys = [item.pk for item in _queue(request)]
    return next((key for key in keys[keys.index(pk) + 1 :]), None) if pk in keys else None


@transaction.atomic
def _decide(request: Request, row: Alert) -> None:
    """The decision and, with a dismissal, the phrase that was no risk."""
    data = request.POST
    decision, phrase = data.get("decision", ""), data.get("benign", "").strip()
    shown = seen.read(data.get("seen", ""), row, request.user)
    reason = data.get("reason", "")
    service.alert_decide(
        alert=row, decision=decision, reason=reason, actor=request.user, seen=shown
    )
    if phrase and decision == workflow.DISMISS:
        benign.benign_propose(alert=row, phrase=phrase, note=reason, actor=request.user)


@require_POST
@access(set(), {OFFICER})
def alert_decide(request: Request, pk: int) -> HttpResponse:
    """On success the next alert of the queue is shown; a refusal stays where it is."""
    row = fetch(desk.alerts_of(request.user), pk=pk)
    following = _following(request, pk)
    name = workflow.DECISIONS.get(request.POST.get("decision", ""), "")
    done = perform(request, lambda: _decide(request, row), f"已提交「{name}」。")
    return _after(request, following if done else pk)


@require_POST
@access(set(), {OFFICER})
def alert_reopen(request: Request, pk: int) -> HttpResponse:
    row = fetch(Alert.objects.visible_to(request.user), pk=pk)
    reason = request.POST.get("reason", "")
    perform(
        request,
        lambda: service.alert_reopen(alert=row, reason=reason, actor=request.user),
        "已重新打开，回到待处理队列；此前的结论仍保留。",
    )
    return _after(request, pk)


@require_POST
@access(set(), {OFFICER})
def alert_uncontain(request: Request, pk: int) -> HttpResponse:
    row = fetch(desk.alerts_of(request.user), pk=pk)
    reason = request.POST.get("reason", "")
    perform(
        request,
        lambda: containment_lift(alert=row, reason=reason, actor=request.user),
        "已解除管控，该员工的群发与自由文本恢复。",
    )
    return _after(request, pk)


@require_POST
@access(set(), {OFFICER})
def alerts_bulk(request: Request) -> HttpResponse:
    """POST alert=… (repeated), decision, reason. Tells what was done and what was skipped."""
    keys = [int(key) for key in request.POST.getlist("alert") if key.isdigit()]
    decision, reason = request.POST.get("decision", ""), request.POST.get("reason", "")
    try:
        outcome = bulk.alerts_decide(
            keys=keys, decision=decision, reason=reason, actor=request.user
        )
    except BusinessError as error:
        messages.error(request, error.message)
        return _after(request, None)
    messages.success(request, f"已处理 {len(outcome.done)} 条。")
    if outcome.skipped:
        why = next(iter(outcome.skipped.values()))
        messages.warning(request, f"跳过 {len(outcome.skipped)} 条，例如：{why}")
    return _after(request, None)
