"""保存与保全: legal holds, and purges of what need not be kept."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from compliance.forms_keeping import DecisionForm, HoldForm, PurgeForm
from compliance.keeping import holds, purges, retention
from compliance.models import LegalHold, PurgeRequest
from compliance.selectors import keeping as selectors
from scrm.accounts.request import Request
from scrm.core.access import AUDITOR, HQ, OFFICER, access
from scrm.core.errors import BusinessError
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch

_READERS = {OFFICER, HQ, AUDITOR}
_ACTORS = {OFFICER, HQ}


@access(_READERS, _ACTORS)
def keeping(request: Request) -> HttpResponse:
    form = HoldForm(request.POST or None, user=request.user)
    valid = request.method == "POST" and form.is_valid()
    done = "保全已生效，范围内的存档不会被清除。"
    if valid and perform(request, lambda: _placed(request, form), done):
        return go(request, "compliance:keeping")
    context = {
        "form": form,
        "purge_form": PurgeForm(),
        "classes": selectors.classes(),
        "holds": selectors.holds_of(request.user),
        "page": page_of(request, selectors.purges_of(request.user)),
        "may_purge": purges.bank_wide(request.user),
    }
    return render(request, "compliance/keeping.html", context)


def _placed(request: Request, form: HoldForm) -> LegalHold:
    return holds.hold_place(actor=request.user, **form.cleaned_data)


@require_POST
@access(set(), _ACTORS)
def hold_release(request: Request, pk: int) -> HttpResponse:
    """First the proposal, then another person's answer."""
    hold: LegalHold = fetch(selectors.holds_of(request.user), pk=pk)
    _decided(request, lambda values: _release(hold, values, request), "已记录。")
    return go(request, "compliance:keeping")


def _release(hold: LegalHold, values: dict[str, Any], request: Request) -> None:
    if hold.state == LegalHold.State.ACTIVE:
        holds.hold_propose_release(hold=hold, reason=values["reason"], actor=request.user)
    else:
        holds.hold_decide_release(hold=hold, agree=values["agree"], actor=request.user)


@require_POST
@access(set(), _ACTORS)
def purge_propose(request: Request) -> HttpResponse:
    form = PurgeForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    done = "清单已生成，等待另一人批准；批准之前什么都不会删除。"
    perform(request, lambda: purges.purge_propose(reason=reason, actor=request.user), done)
    return go(request, "compliance:keeping")


@access(_READERS, _ACTORS)
def purge(request: Request, pk: int) -> HttpResponse:
    row: PurgeRequest = fetch(selectors.purges_of(request.user), pk=pk)
    if request.method == "POST":
        _decided(request, lambda values: _purge(row, values, request), "已记录。")
        return go(request, "compliance:purge", pk)
    context = {
        "purge": row,
        "counts": selectors.counts(row),
        "outcome": selectors.outcome(row),
        "page": page_of(request, selectors.items(row)),
        "labels": retention.CLASSES,
    }
    return render(request, "compliance/purge.html", context)


def _purge(row: PurgeRequest, values: dict[str, Any], request: Request) -> None:
    purges.purge_decide(
        request=row, approve=values["agree"], decision=values["reason"], actor=request.user
    )


def _decided(request: Request, act: Callable[[dict[str, Any]], None], done: str) -> None:
    form = DecisionForm(request.POST)

    def run() -> None:
        if not form.is_valid():
            raise BusinessError("请写明意见。")
        act(form.cleaned_data)

    perform(request, run, done)
