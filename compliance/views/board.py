"""合规看板: does supervision keep up, and is it right?"""

from django.http import HttpResponse
from django.shortcuts import render

from compliance.models import Alert
from compliance.selectors import board as selectors
from scrm.accounts.request import Request
from scrm.core.access import HQ, OFFICER, access


@access({OFFICER, HQ})
def board(request: Request) -> HttpResponse:
    user = request.user
    context = {
        "headline": selectors.headline(user),
        "archive": selectors.archive_health(),
        "severities": selectors.by_severity(user),
        "states": Alert.State.labels,
        "branches": selectors.by_branch(user),
        "people": selectors.by_rm(user),
        "load": selectors.load(user),
        "linked": user.role == OFFICER,
        "precision": selectors.precision(user),
        "daily": selectors.daily_chart(user),
    }
    return render(request, "compliance/board.html", context)
