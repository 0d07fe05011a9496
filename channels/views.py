"""WeCom's callback door, and head office's page about the connection."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from channels import selectors
from channels.doctor import run as doctor_run
from channels.inbox import door, processing
from channels.models import InboxEvent
from scrm.accounts.request import Request
from scrm.core.access import HQ, access
from scrm.core.pages import go, page_of, partial_or_page, perform
from scrm.core.scope import fetch


@csrf_exempt
@login_not_required
def wecom_callback(request: HttpRequest, corp_id: str, agent_id: str) -> HttpResponse:
    """For where the slim server of scrm.callbacks does not stand in front of this address."""
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    call = door.Call(
        request.method or "",
        corp_id,
        agent_id,
        request.GET.dict(),
        length,
        lambda: request.body,
    )
    answer = door.answer(call)
    return HttpResponse(answer.body, "text/plain", status=answer.status)


@access({HQ})
def connection(request: Request) -> HttpResponse:
    state = request.GET.get("state", "")
    return render(
        request,
        "channels/connection.html",
        {
            "inbox": selectors.inbox_counts(),
            "outbox": selectors.outbox_counts(),
            "page": page_of(request, selectors.inbox_rows(state)),
            "states": InboxEvent.State.choices,
            "state": state,
        },
    )


@require_POST
@access(set(), {HQ})
def inbox_replay(request: Request, pk: int) -> HttpResponse:
    event = fetch(InboxEvent.objects, pk=pk)
    perform(request, lambda: processing.replay(event=event, actor=request.user), "已重新排队。")
    return go(request, "channels:connection")


@access({HQ}, {HQ})
def doctor(request: Request) -> HttpResponse:
    """Asks nobody anything until the button is pressed."""
    template = partial_or_page("channels/doctor.html", "channels/_doctor.html")(request)
    if request.method != "POST":
        return render(request, template, {"findings": [], "counts": {}})
    findings = doctor_run.examine(actor=request.user)
    context = {"findings": findings, "counts": doctor_run.counts(findings)}
    return render(request, template, context)
