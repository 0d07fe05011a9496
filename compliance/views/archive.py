"""存档检索 and 存档完整性. Searching is a POST: names and words must not stand in addresses."""

import itertools
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_POST

from compliance.archive import blobs
from compliance.archive.verify import archive_verify
from compliance.archive.watch import open_alarms
from compliance.forms import SearchForm
from compliance.keeping import holds, retention
from compliance.selectors import archive as selectors
from compliance.selectors import search
from compliance.selectors.search import Query
from scrm.accounts.request import Request
from scrm.audit.models import AuditEvent
from scrm.audit.services import record
from scrm.core import masking
from scrm.core.access import AUDITOR, HQ, OFFICER, access
from scrm.core.errors import BusinessError
from scrm.core.pages import PAGE_SIZE, go, perform
from scrm.core.scope import fetch


@access({OFFICER, AUDITOR}, {OFFICER, AUDITOR})
def archive(request: Request) -> HttpResponse:
    form = SearchForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "window": search.WINDOW, "searched": False}
    if request.method == "POST" and form.is_valid():
        try:
            context |= _results(request, form.query())
        except BusinessError as error:
            form.add_error("words", error.message)
    template = "compliance/_results.html" if request.htmx else "compliance/archive.html"
    return render(request, template, context)


def _results(request: Request, query: Query) -> dict[str, Any]:
    found = search.search(request.user, query)
    page = Paginator(found, PAGE_SIZE).get_page(request.POST.get("page"))
    asked = {name: masking.text(str(value)) for name, value in asdict(query).items() if value}
    record(
        "archive.search",
        actor=request.user,
        after={**asked, "found": page.paginator.count, "page": page.number},
    )
    return {"page": page, "hits": selectors.hits(page, query.words), "searched": True}


@access({OFFICER, AUDITOR})
def conversation(request: Request, pk: int) -> HttpResponse:
    message = fetch(selectors.messages_of(request.user), pk=pk)
    record("archive.view", actor=request.user, obj=message)
    scan = message.scans.order_by("-id").first()
    context = {
        "message": message,
        "talk": selectors.talk_around(message, request.user, before=20, after=20),
        "findings": scan.shown(message.text) if scan else [],
        "type_label": selectors.type_label(message.msgtype),
        "consent": selectors.consent_of(message),
        "retention": retention.decide([message])[message.pk],
        "hold": holds.held([message]).get(message.pk),
    }
    return render(request, "compliance/conversation.html", context)


# Shown in the page; everything else is a download, whatever it claims to be.
_IMAGES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


@access({OFFICER, AUDITOR})
def media_file(request: Request, pk: int) -> HttpResponseBase:
    """A stored file, decrypted on the way out; each view is on record."""
    row = fetch(selectors.files_of(request.user), pk=pk)
    record("archive.media", actor=request.user, obj=row, after={"message": row.message_id})
    chunks = blobs.store().open(row.sha256)
    first = next(chunks)
    kind = next((mime for magic, mime in _IMAGES.items() if first.startswith(magic)), "")
    response = StreamingHttpResponse(
        itertools.chain([first], chunks), content_type=kind or "application/octet-stream"
    )
    response["Cache-Control"] = "no-store"
    if not kind:
        name = quote(row.name or f"file-{row.pk}")
        response["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response


@access({AUDITOR, HQ})
def integrity(request: Request) -> HttpResponse:
    verdicts = list(AuditEvent.objects.filter(action="archive.verify")[:10])
    context = {
        **selectors.log_state(),
        "latest": verdicts[0] if verdicts else None,
        "verdicts": verdicts,
        "alarms": open_alarms(),
    }
    return render(request, "compliance/integrity.html", context)


@require_POST
@access(set(), {AUDITOR, HQ})
def integrity_verify(request: Request) -> HttpResponse:
    perform(request, lambda: archive_verify(actor=request.user), "校验已完成，结论见下。")
    return go(request, "compliance:integrity")
