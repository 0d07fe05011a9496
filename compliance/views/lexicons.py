"""词库: what is in force, what is drafted, and who put it there."""

import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from compliance import lexicon_runs as runs
from compliance import lexicons as service
from compliance.forms_lexicon import ActivateForm, AliasForm, ImportForm
from compliance.intercept import push as intercept
from compliance.lexicon import CATEGORIES, SEVERITY_NAMES
from compliance.models import LexiconRun, LexiconVersion
from compliance.selectors import lexicon as selectors
from compliance.selectors import precision
from compliance.selectors.intercept import coverage
from scrm.accounts.models import User
from scrm.accounts.request import Request
from scrm.core.access import OFFICER, access
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch


def _page(request: Request, form: ImportForm, rows: list[str]) -> HttpResponse:
    covered = coverage()
    context = {
        "coverage": covered,
        "form": form,
        "bad_rows": rows,
        "active": service.active_version(),
        "categories": selectors.categories(covered, precision.by_category(request.user)),
        "precision": precision.by_rule(request.user),
        "pending": service.pending_version(),
        "versions": selectors.versions()[:20],
        "severity_names": SEVERITY_NAMES.items(),
    }
    return render(request, "compliance/lexicons.html", context)


@access({OFFICER})
def lexicons(request: Request) -> HttpResponse:
    return _page(request, ImportForm(), [])


@require_POST
@access(set(), {OFFICER})
def lexicon_import(request: Request) -> HttpResponse:
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, [])
    data = form.cleaned_data
    try:
        draft = service.lexicon_import_csv(
            text=data["rows"],
            note=data["note"],
            actor=request.user,
            removed=data["removed"].splitlines(),
        )
    except service.LexiconRefused as error:
        messages.error(request, error.message)
        return _page(request, form, error.rows)
    messages.success(request, f"已生成草稿 {draft.number}，由另一位合规人员启用后生效。")
    return go(request, "compliance:lexicon", draft.pk)


@access({OFFICER})
def lexicon(request: Request, pk: int) -> HttpResponse:
    version = fetch(selectors.versions(), pk=pk)
    draft = version.state == LexiconVersion.State.DRAFT
    context: dict[str, Any] = {
        "version": version,
        "changes": selectors.changes(version) if draft else None,
        "preview": selectors.newest_run(version, LexiconRun.Kind.PREVIEW),
        "rescan": selectors.newest_run(version, LexiconRun.Kind.RESCAN),
        "others": selectors.versions().exclude(pk=pk)[:20],
        "own": version.created_by_id == request.user.pk,
        "category": request.GET.get("category", ""),
        "kind": request.GET.get("kind", ""),
        "kinds": selectors.KIND_NAMES.items(),
        "categories": [(code, name) for code, (name, _) in CATEGORIES.items()],
    }
    rows = selectors.terms(version, context["kind"], context["category"])
    context["page"] = page_of(request, rows)
    _told_of_terms(context, request.user, version)
    return render(request, "compliance/lexicon.html", context)


@require_POST
@access(set(), {OFFICER})
def lexicon_activate(request: Request, pk: int) -> HttpResponse:
    version = fetch(LexiconVersion.objects, pk=pk)
    form = ActivateForm(request.POST)
    if not form.is_valid():
        messages.error(request, "生效时间要写成年-月-日 时:分；立即启用请留空。")
        return go(request, "compliance:lexicon", pk)
    at = form.cleaned_data["effective_at"]
    perform(
        request,
        lambda: service.lexicon_activate(
            version=version,
            actor=request.user,
            accepted="accepted" in request.POST,
            effective_at=at,
        ),
        _told(version, at),
    )
    return go(request, "compliance:lexicon", pk)


def _told_of_terms(context: dict[str, Any], user: User, version: LexiconVersion) -> None:
    """Gives each word of the page its precision and, where in force, the place it acts at."""
    known = precision.of_terms(user, list(context["page"]))
    covered = coverage() if version.state == LexiconVersion.State.ACTIVE else None
    context["coverage"] = covered
    for term in context["page"]:
        term.precision = known.get(term.pk)
        term.place = covered.place(term) if covered else None
        term.kind_name = selectors.KIND_NAMES.get(term.kind, term.kind)
        term.category_name = selectors.category_name(term.category)


def _told(version: LexiconVersion, at: datetime.datetime | None) -> str:
    if at:
        moment = timezone.localtime(at)
        return f"词库 {version.number} 已批准，将于 {moment:%Y-%m-%d %H:%M} 生效。"
    return f"词库 {version.number} 已生效，所有检查即刻使用新词库。"


@require_POST
@access(set(), {OFFICER})
def lexicon_withdraw(request: Request, pk: int) -> HttpResponse:
    version = fetch(LexiconVersion.objects, pk=pk)
    perform(
        request,
        lambda: service.lexicon_withdraw(version=version, actor=request.user),
        f"已撤回，{version.number} 重新成为草稿，不会自动生效。",
    )
    return go(request, "compliance:lexicon", pk)


@access({OFFICER}, {OFFICER})
def aliases(request: Request) -> HttpResponse:
    """?q= &sort= list; POST rows, file, removed, note drafts a version with these aliases."""
    form = AliasForm(request.POST or None, request.FILES or None)
    bad_rows: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            draft = _alias_draft(request, form.cleaned_data)
        except service.LexiconRefused as error:
            bad_rows = error.rows
        else:
            messages.success(request, f"已生成草稿 {draft.number}，由另一位合规人员启用后生效。")
            return go(request, "compliance:lexicon", draft.pk)
    query, sort = request.GET.get("q", "").strip(), request.GET.get("sort", "")
    context = {
        "active": service.active_version(),
        "bad_rows": bad_rows,
        "form": form,
        "page": page_of(request, selectors.aliases(query, sort), 50),
        "query": query,
        "removed": request.POST.getlist("removed"),
        "sort": sort,
        "sorts": selectors.alias_counts(),
    }
    return render(request, "compliance/aliases.html", context)


def _alias_draft(request: Request, data: dict[str, Any]) -> LexiconVersion:
    return service.lexicon_import_aliases(
        text=data["rows"],
        note=data["note"],
        actor=request.user,
        removed=request.POST.getlist("removed"),
    )


@access({OFFICER})
def lexicon_run(request: Request, pk: int) -> HttpResponse:
    """The progress of a walk; the page asks again while it moves."""
    run = fetch(LexiconRun.objects.select_related("version"), pk=pk)
    return render(request, "compliance/_lexicon_run.html", {"run": run})


@access({OFFICER})
def lexicon_diff(request: Request, pk: int) -> HttpResponse:
    """What changed from version `?other=` to this one."""
    version, other = fetch(LexiconVersion.objects, pk=pk), request.GET.get("other", "")
    former = fetch(LexiconVersion.objects, pk=int(other) if other.isdecimal() else 0)
    groups = selectors.diff(former, version)
    context = {"version": version, "former": former, "groups": groups}
    return render(request, "compliance/lexicon_diff.html", context)


@require_POST
@access(set(), {OFFICER})
def lexicon_rescan(request: Request, pk: int) -> HttpResponse:
    version = fetch(LexiconVersion.objects, pk=pk)
    perform(
        request,
        lambda: runs.lexicon_rescan(version=version, actor=request.user),
        "已开始重扫存档，旧结论会保留。",
    )
    return go(request, "compliance:lexicon", pk)


@require_POST
@access(set(), {OFFICER})
def intercept_retry(request: Request) -> HttpResponse:
    """Pushes what waits or failed at once."""
    perform(
        request,
        lambda: intercept.intercept_retry(actor=request.user),
        "已重新推送，稍后刷新查看结果。",
    )
    return go(request, "compliance:lexicons")
