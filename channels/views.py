"""Head office's page about the connection."""

from django.http import HttpResponse
from django.shortcuts import render

from channels import selectors
from channels.doctor import run as doctor_run
from scrm.accounts.request import Request
from scrm.core.access import HQ, access
from scrm.core.pages import partial_or_page


@access({HQ})
def connection(request: Request) -> HttpResponse:
    context = {
        "inbox": selectors.inbox_open(),
        "outbox": selectors.outbox_counts(),
        "welcome": selectors.welcome_counts(),
        "greetings": selectors.welcome_rows(),
        "codes": selectors.codes_stuck(),
        "warning": selectors.acquisition_warning(),
    }
    return render(request, "channels/connection.html", context)


@access({HQ}, {HQ})
def doctor(request: Request) -> HttpResponse:
    """Asks nobody anything until the button is pressed."""
    template = partial_or_page("channels/doctor.html", "channels/_doctor.html")(request)
    if request.method != "POST":
        return render(request, template, {"findings": [], "counts": {}})
    findings = doctor_run.examine(actor=request.user)
    context = {"findings": findings, "counts": doctor_run.counts(findings)}
    return render(request, template, context)
