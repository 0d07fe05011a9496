"""The callback door behind Django, and the page that shows what came in through it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from channels import selectors
from channels.inbox import door, processing
from channels.inbox.handlers import name_of
from channels.inbox.payload import masked
from channels.models import InboxEvent
from scrm.accounts.request import Request
from scrm.core.access import HQ, access
from scrm.core.errors import BusinessError
from scrm.core.listing import CappedPaginator


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
def inbox(request: Request) -> HttpResponse:
    state, event = request.GET.get("state", ""), request.GET.get("event", "")
    rows = selectors.inbox_rows(state, event)
    page = CappedPaginator(rows, 20).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(event, name_of(event), masked(event.body)) for event in page],
        "states": InboxEvent.State.choices,
        "state": state,
        "open": selectors.inbox_open(),
        "kinds": selectors.event_kinds(),
        "replayable": processing.REPLAYABLE,
    }
    return render(request, "channels/inbox.html", context)


@require_POST
@access(set(), {HQ})
def inbox_replay(request: Request) -> HttpResponse:
    """One event or the ticked ones; `back` is the query string of the list."""
    ids = [int(value) for value in request.POST.getlist("event") if value.isdigit()]
    try:
        count = processing.replay(ids=ids, actor=request.user)
    except BusinessError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"已重新排队 {count} 条；重放不会重复产生影响。")
    back = request.POST.get("back", "")
    return redirect(reverse("channels:inbox") + (f"?{back}" if back else ""))
