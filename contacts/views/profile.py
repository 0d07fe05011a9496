"""Customer 360: how should I serve this person? And what is done from there."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from contacts import selectors, services, timeline
from contacts.forms import ConsentForm, FollowUpForm, TagForm, UnmaskForm
from contacts.models import Customer
from contacts.panels import panels
from contacts.views.back import back
from scrm.accounts.request import Request
from scrm.core.access import ADMIN, HQ, OFFICER, RM, access
from scrm.core.errors import BusinessError
from scrm.core.forms import TablerForm, first_error
from scrm.core.pages import perform
from scrm.core.scope import fetch

_SERVERS = {RM, ADMIN, HQ}


def _customer(request: Request, pk: int) -> Customer:
    rows = Customer.objects.visible_to(request.user).select_related("owner", "branch")
    customer: Customer = fetch(rows, pk=pk)
    return customer


def profile_context(request: Request, customer: Customer) -> dict[str, Any]:
    """What both the 360 page and the sidebar show of a customer."""
    return {
        "customer": customer,
        "risk": customer.valid_risk_level(timezone.localdate()),
        "holdings": selectors.open_holdings(customer),
        "tags": selectors.live_tags(customer),
        "consents": selectors.current_consents(customer),
        "friendships": selectors.friendships(customer),
        "tasks": selectors.open_tasks(customer),
        "may_act": request.user.role in _SERVERS,
        "tag_form": TagForm(),
        "follow_up_form": FollowUpForm(),
    }


@access(_SERVERS | {OFFICER})
def customer(request: Request, pk: int) -> HttpResponse:
    row = _customer(request, pk)
    services.customer_viewed(customer=row, actor=request.user)
    context = profile_context(request, row) | _timeline(request, row)
    context["consent_form"] = ConsentForm(auto_id="consent_%s")
    context["head_panels"] = panels("customer_head", request=request, customer=row)
    context["side_panels"] = panels("customer_side", request=request, customer=row)
    return render(request, "contacts/customer.html", context)


def _timeline(request: Request, row: Customer) -> dict[str, Any]:
    kind = request.GET.get("kind", "")
    kind = kind if kind in timeline.KINDS else ""
    kinds = [(code, words[0]) for code, words in timeline.KINDS.items()]
    return {"entries": timeline.entries(row, kind=kind), "kinds": kinds, "kind": kind}


@access(_SERVERS | {OFFICER})
def customer_timeline(request: Request, pk: int) -> HttpResponse:
    row = _customer(request, pk)
    return render(request, "contacts/_timeline.html", {"customer": row} | _timeline(request, row))


@access(_SERVERS, _SERVERS)
def customer_unmask(request: Request, pk: int) -> HttpResponse:
    """GET asks why; POST answers with the plain value, once, in place."""
    row = _customer(request, pk)
    form = UnmaskForm(request.POST or request.GET.dict() | {"reason": ""})
    context: dict[str, Any] = {"customer": row, "field": form.data.get("field", ""), "error": ""}
    if request.method == "POST":
        context |= _unmasked(request, row, form)
    return render(request, "contacts/_unmask.html", context)


def _unmasked(request: Request, row: Customer, form: UnmaskForm) -> dict[str, str]:
    if not form.is_valid():
        return {"error": first_error(form)}
    try:
        return {
            "value": services.customer_unmask(customer=row, actor=request.user, **form.cleaned_data)
        }
    except BusinessError as error:
        return {"error": error.message}


def _checked(form: TablerForm, act: Callable[[dict[str, Any]], Any]) -> Callable[[], Any]:
    def run() -> None:
        if not form.is_valid():
            raise BusinessError(first_error(form))
        act(form.cleaned_data)

    return run


@access(set(), _SERVERS)
def customer_tags(request: Request, pk: int) -> HttpResponse:
    row = _customer(request, pk)

    def act(data: dict[str, Any]) -> None:
        change = (
            services.customer_tag_remove
            if data["action"] == "remove"
            else services.customer_tag_add
        )
        change(customer=row, tag=data["tag"], actor=request.user)

    perform(request, _checked(TagForm(request.POST), act), "标签已更新。")
    if not getattr(request, "htmx", False):
        return back(request, "contacts:customer", pk)
    return render(request, "contacts/_tags.html", profile_context(request, row))


@access(set(), _SERVERS)
def customer_follow_up(request: Request, pk: int) -> HttpResponse:
    row = _customer(request, pk)

    def act(data: dict[str, Any]) -> None:
        services.follow_up_create(customer=row, text=data["text"], actor=request.user)

    perform(request, _checked(FollowUpForm(request.POST), act), "跟进已保存。")
    return back(request, "contacts:customer", pk)


@access(set(), _SERVERS)
def customer_opt_out(request: Request, pk: int) -> HttpResponse:
    """POST evidence; opts out, or back in when the customer is out."""
    row = _customer(request, pk)
    evidence = request.POST.get("evidence", "")
    if row.opted_out_at is None:
        change, done = services.customer_opt_out, "已登记退订，立即生效。"
    else:
        change, done = services.customer_opt_in, "已恢复接收营销信息。"
    perform(request, lambda: change(customer=row, evidence=evidence, actor=request.user), done)
    return back(request, "contacts:customer", pk)


@access(set(), _SERVERS)
def customer_consent(request: Request, pk: int) -> HttpResponse:
    row = _customer(request, pk)

    def act(data: dict[str, Any]) -> None:
        services.consent_change(customer=row, actor=request.user, **data)

    perform(request, _checked(ConsentForm(request.POST), act), "授权已变更，立即生效。")
    return back(request, "contacts:customer", pk)
