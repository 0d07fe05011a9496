"""Live codes: cards, one code's numbers, the editor, posters."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from channels.codes import editor, roster, selectors, services
from channels.codes.drafts import WayDraft
from channels.codes.editor import Editing
from channels.codes.forms import WayForm, way_initial
from channels.codes.poster import poster, qr_image
from channels.models import AnyCode, Code, ContactWay, FoundWay
from scrm.accounts.request import Request
from scrm.core.access import ADMIN, AUDITOR, HQ, RM, access
from scrm.core.errors import BusinessError
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch

READERS = {RM, ADMIN, HQ, AUDITOR}
EDITORS = {ADMIN, HQ}
STATES = [
    (Code.State.ACTIVE, "使用中"),
    (Code.State.PAUSED, "已暂停"),
    (Code.State.DELETED, "已删除"),
]
# A picture that was opened by itself may run nothing, whatever it holds.
_PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


def _way(request: Request, pk: int) -> ContactWay:
    rows = ContactWay.objects.visible_to(request.user).select_related("branch", "created_by")
    way: ContactWay = fetch(roster.with_people(rows), pk=pk)  # type: ignore[arg-type]
    return way


@access(READERS)
def codes(request: Request) -> HttpResponse:
    q, state = request.GET.get("q", ""), request.GET.get("state", "")
    rows = ContactWay.objects.visible_to(request.user).select_related("branch")
    page = page_of(request, roster.with_people(selectors.found(rows, q=q, state=state)), 12)
    context = {
        "page": page,
        "cards": selectors.cards(page.object_list, timezone.now()),
        "states": STATES,
        "state": state,
        "q": q,
        "may_edit": request.user.role in EDITORS,
    }
    return render(request, "channels/codes/codes.html", context)


@access(READERS)
def code(request: Request, pk: int) -> HttpResponse:
    way, now = _way(request, pk), timezone.now()
    context = {
        "way": way,
        "card": selectors.cards([way], now)[0],
        "spans": selectors.spans_of(way, now),
        "shares": selectors.shares(way, request.user, now),
        "chart": selectors.daily_chart(way, now),
        "may_edit": request.user.role in EDITORS and way.state != Code.State.DELETED,
    }
    return render(request, "channels/codes/code.html", context)


@access(EDITORS, EDITORS)
def code_create(request: Request) -> HttpResponse:
    return _edit(request, None)


@access({HQ})
def found_codes(request: Request) -> HttpResponse:
    """Codes that WeCom has and we did not make: nobody's branch, so head office's matter."""
    page = page_of(request, selectors.adoptable())
    context = {"page": selectors.with_names(page), "checked_at": selectors.last_check()}
    return render(request, "channels/codes/found.html", context)


def _found_initial(request: Request, found: FoundWay) -> dict[str, Any]:
    return {
        "name": found.remark[:30],
        "branch": request.user.branch_id,
        "is_exclusive": found.is_exclusive,
    }


@access({HQ}, {HQ})
def found_adopt(request: Request, pk: int) -> HttpResponse:
    found: FoundWay = fetch(selectors.adoptable(), pk=pk)
    if request.method != "POST":
        form = WayForm(user=request.user, made=True, initial=_found_initial(request, found))
        return _editor(request, form, Editing.of_found(found, request.user), None, 200)
    initial = _found_initial(request, found)
    form = WayForm(request.POST, user=request.user, made=True, initial=initial)
    editing = Editing.posted(request.POST, request.user, None)

    def adopt(draft: WayDraft) -> ContactWay:
        return services.contact_way_adopt(found=found, draft=draft, actor=request.user)

    if form.is_valid() and (way := _saved(form, editing, adopt)):
        messages.success(request, "已接管，二维码继续有效，之后按这里的设置接待。")
        return redirect("channels:code", way.pk)
    return _editor(request, form, editing, None, 422)


@access(EDITORS, EDITORS)
def code_edit(request: Request, pk: int) -> HttpResponse:
    way = _way(request, pk)
    if way.state == Code.State.DELETED:
        raise Http404
    return _edit(request, way)


def _edit(request: Request, way: ContactWay | None) -> HttpResponse:
    if request.method == "POST":
        form = WayForm(request.POST, user=request.user, way=way, initial=_initial(request, way))
        editing = Editing.posted(request.POST, request.user, way)
        if form.is_valid() and (saved := _saved(form, editing, _writer(request, way))):
            messages.success(request, "已保存，正在推送到企业微信。")
            return redirect("channels:code", saved.pk)
        return _editor(request, form, editing, way, 422)
    form = WayForm(user=request.user, way=way, initial=_initial(request, way))
    return _editor(request, form, Editing.of(way) if way else Editing(), way, 200)


def _initial(request: Request, way: ContactWay | None) -> dict[str, Any]:
    return way_initial(way) if way else {"branch": request.user.branch_id}


def _writer(request: Request, way: ContactWay | None) -> Callable[[WayDraft], ContactWay]:
    if way is None:
        return lambda draft: services.contact_way_create(draft=draft, actor=request.user)
    return lambda draft: services.contact_way_update(way=way, draft=draft, actor=request.user)


def _saved(
    form: WayForm, editing: Editing, write: Callable[[WayDraft], ContactWay]
) -> ContactWay | None:
    """The stored code, or None with the refusal put on the form."""
    try:
        data = dict(form.cleaned_data)
        data["tags"] = tuple(data["tags"])
        return write(WayDraft(**data, **editing.drafts()))
    except BusinessError as error:
        form.add_error(None, error.message)
        return None


def _editor(
    request: Request, form: WayForm, editing: Editing, way: ContactWay | None, status: int
) -> HttpResponse:
    context = _editing(editing, "", []) | {
        "form": form,
        "way": way,
        "channels": selectors.channel_suggestions(request.user),
    }
    return render(request, "channels/codes/edit.html", context, status=status)


def _editing(editing: Editing, find: str, offers: list[editor.Offer]) -> dict[str, Any]:
    return {
        "editing": editing,
        "spans": editing.spans(),
        "weekdays": editor.WEEKDAYS,
        "find": find,
        "offers": offers,
    }


def _asked_way(request: Request, asked: str) -> ContactWay:
    if not asked.isdecimal():
        raise Http404
    return _way(request, int(asked))


@require_POST
@access(set(), EDITORS)
def code_draft(request: Request) -> HttpResponse:
    """The editor's people and shifts after one press, and who would receive; nothing is stored."""
    asked = request.POST.get("way")
    way = _asked_way(request, asked) if asked else None
    editing = Editing.posted(request.POST, request.user, way)
    act, find = request.POST.get("do", ""), request.POST.get("find", "")
    editing.change(act, request.user, way)
    taken = {row.user.pk for row in editing.members}
    offers = editor.offers(find, request.user, way, taken)
    context = _editing(editing, find, offers)
    return render(request, "channels/codes/_editing.html", context)


@require_POST
@access(set(), EDITORS)
def code_pause(request: Request, pk: int) -> HttpResponse:
    way = _way(request, pk)
    done = "已暂停轮换，只由兜底成员接待。"
    perform(request, lambda: services.contact_way_pause(way=way, actor=request.user), done)
    return go(request, "channels:code", pk)


@require_POST
@access(set(), EDITORS)
def code_resume(request: Request, pk: int) -> HttpResponse:
    way = _way(request, pk)
    perform(request, lambda: services.contact_way_resume(way=way, actor=request.user), "已恢复。")
    return go(request, "channels:code", pk)


@require_POST
@access(set(), EDITORS)
def code_delete(request: Request, pk: int) -> HttpResponse:
    way = _way(request, pk)
    done = "已删除，二维码随后失效；已有的添加记录保留。"
    perform(request, lambda: services.contact_way_delete(way=way, actor=request.user), done)
    return go(request, "channels:codes")


@require_POST
@access(set(), EDITORS)
def code_push(request: Request, pk: int) -> HttpResponse:
    way = _way(request, pk)
    perform(request, lambda: services.code_push_again(code=way, actor=request.user), "已重新推送。")
    return go(request, "channels:code", pk)


@access(READERS)
def code_picture(request: Request, pk: int) -> HttpResponse:
    return picture(_way(request, pk))


@access(READERS)
def code_poster(request: Request, pk: int) -> HttpResponse:
    return download(_way(request, pk))


def picture(code: AnyCode) -> HttpResponse:
    """The QR code; 404 until WeCom has made it."""
    if not code.qr_code:
        raise Http404
    kind, content = qr_image(code)
    headers = {"Content-Security-Policy": _PICTURE_POLICY, "Cache-Control": "private, max-age=60"}
    return HttpResponse(content, kind, headers=headers)


def download(code: AnyCode) -> HttpResponse:
    """The poster as a file to save."""
    if not code.qr_code:
        raise Http404
    name = quote(f"{code.name}-海报.svg")
    headers = {
        "Content-Security-Policy": _PICTURE_POLICY,
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
    }
    content = poster(code, bank=selectors.bank_name())
    return HttpResponse(content, "image/svg+xml", headers=headers)
