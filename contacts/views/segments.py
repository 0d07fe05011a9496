"""Segments: saved questions about customers, and their editor."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render

from contacts import selectors, services
from contacts.forms import SegmentForm
from contacts.models import Segment
from contacts.segments import check, editor_schema, rule_sentence, rule_sentences
from scrm.accounts.request import Request
from scrm.core.access import ADMIN, HQ, access
from scrm.core.errors import BusinessError
from scrm.core.forms import first_error
from scrm.core.pages import go, page_of
from scrm.core.scope import fetch

_EDITORS = {ADMIN, HQ}
_FIRST_RULE = {"all": [{"attr": "maturity", "op": "within", "value": 30}]}


@access(_EDITORS)
def segments(request: Request) -> HttpResponse:
    rows = Segment.objects.visible_to(request.user).select_related("branch", "owner")
    page = page_of(request, rows)
    for row, sentence in zip(page, rule_sentences([row.rule for row in page]), strict=True):
        row.sentence = sentence
    return render(request, "contacts/segments.html", {"page": page})


@access(_EDITORS)
def segment(request: Request, pk: int) -> HttpResponse:
    row: Segment = fetch(
        Segment.objects.visible_to(request.user).select_related("branch", "owner"), pk=pk
    )
    context = _result(request, row.rule) | {
        "segment": row,
        "editable": selectors.segment_is_editable(row, user=request.user),
    }
    return render(request, "contacts/segment.html", context)


def _result(request: Request, rule: Any) -> dict[str, Any]:
    """Exact size, distributions, samples and words of a rule, or what is wrong with it."""
    try:
        check(rule)
    except BusinessError as error:
        return {"error": error.message}
    return {
        "error": "",
        "sentence": rule_sentence(rule),
        "breakdown": selectors.segment_breakdown(rule, user=request.user),
        "samples": selectors.segment_samples(rule, user=request.user),
    }


@access(set(), _EDITORS)
def segment_preview(request: Request) -> HttpResponse:
    form = SegmentForm(request.POST)
    form.is_valid()  # Only the rule matters yet; a name may still be missing.
    error = form.errors["rule"][0] if "rule" in form.errors else ""
    context = {"error": error} if error else _result(request, form.cleaned_data["rule"])
    return render(request, "contacts/_segment_result.html", context | {"segment": None})


@access(_EDITORS, _EDITORS)
def segment_create(request: Request) -> HttpResponse:
    form = SegmentForm(request.POST or None, initial={"rule": _FIRST_RULE})
    if request.method == "POST" and (row := _saved(request, form, None)):
        return go(request, "contacts:segment", row.pk)
    return _editor(request, form, None, form.initial["rule"])


@access(_EDITORS, _EDITORS)
def segment_update(request: Request, pk: int) -> HttpResponse:
    row: Segment = fetch(Segment.objects.visible_to(request.user), pk=pk)
    if not selectors.segment_is_editable(row, user=request.user):
        raise PermissionDenied("上级机构的客群只能使用，不能修改。")
    initial = {"name": row.name, "description": row.description, "rule": row.rule}
    form = SegmentForm(request.POST or None, initial=initial)
    if request.method == "POST" and _saved(request, form, row):
        return go(request, "contacts:segment", row.pk)
    return _editor(request, form, row, row.rule)


def _saved(request: Request, form: SegmentForm, row: Segment | None) -> Segment | None:
    """The stored segment, or None with the refusal put beside the form."""
    if not form.is_valid():
        return None
    try:
        if row is None:
            return services.segment_create(actor=request.user, **form.cleaned_data)
        return services.segment_update(segment=row, actor=request.user, **form.cleaned_data)
    except BusinessError as error:
        form.add_error(None, error.message)
        return None


def _editor(request: Request, form: SegmentForm, row: Segment | None, rule: Any) -> HttpResponse:
    posted = form.cleaned_data.get("rule") if form.is_bound else None
    rule = posted or rule
    context = _result(request, rule) | {
        "form": form,
        "refusal": first_error(form) if form.is_bound else "",
        "segment": row,
        "rule": rule,
        "schema": editor_schema(request.user),
    }
    return render(
        request, "contacts/segment_editor.html", context, status=422 if form.is_bound else 200
    )
