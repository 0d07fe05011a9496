"""Boards: how the branch does, how I do."""

from typing import Any

from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from scrm.accounts.models import User
from scrm.accounts.request import Request
from scrm.core.access import ADMIN, HQ, RM, access
from scrm.insights import charts, selectors

_FRESH_SECONDS = 60


def _figures(user: User) -> dict[str, Any]:
    """Computed at most once a minute for each scope; the page says as of when."""
    key = f"board:{user.pk if user.role == RM else user.branch.path}"
    figures: dict[str, Any] | None = cache.get(key)
    if figures is None:
        figures = {
            "as_of": timezone.now(),
            "kpis": selectors.kpis(user),
            "funnel": charts.funnel(selectors.stage_funnel(user)),
        }
        if user.role != RM:
            figures["branches"] = selectors.branch_rows(user)
        cache.set(key, figures, _FRESH_SECONDS)
    return figures


@access({HQ, ADMIN})
def board(request: Request) -> HttpResponse:
    context = {
        **_figures(request.user),
        "ranking": selectors.campaign_ranking(request.user),
        "alerts": selectors.open_alerts(request.user),
    }
    return render(request, "insights/board.html", context)


@access({RM})
def my_board(request: Request) -> HttpResponse:
    context = {**_figures(request.user), **selectors.rm_figures(request.user)}
    return render(request, "insights/my_board.html", context)
