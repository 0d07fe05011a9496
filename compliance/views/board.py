"""合规看板: does supervision keep up, and is it right?"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from compliance.models import Alert
from compliance.selectors import board as selectors
from scrm.core.access import HQ, OFFICER, access


@access({OFFICER, HQ})
def board(request: HttpRequest) -> HttpResponse:
    user = request.user
    context = {
        "headline": selectors.headline(user),
        "archive": selectors.archive_health(),
        "severities": selectors.by_severity(user),
        "states": Alert.State.labels,
        "branches": selectors.by_branch(user),
        "precision": selectors.precision(user),
        "daily": selectors.daily_chart(user),
    }
    return render(request, "compliance/board.html", context)
