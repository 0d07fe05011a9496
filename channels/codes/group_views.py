"""Group live codes: cards, editor, posters."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from channels.codes import selectors, services
from channels.codes.forms import GroupForm, group_initial
from channels.codes.views import EDITORS, STATES, download, picture
from channels.models import Code, GroupCode
from scrm.accounts.request import Request
from scrm.core.access import AUDITOR, access
from scrm.core.errors import BusinessError
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch

_READERS = EDITORS | {AUDITOR}


def _code(request: Request, pk: int) -> GroupCode:
    rows = GroupCode.objects.visible_to(request.user).select_related("branch")
    code: GroupCode = fetch(rows, pk=pk)
    return code


@access(_READERS)
def group_codes(request: Request) -> HttpResponse:
    q, state = request.GET.get("q", ""), request.GET.get("state", "")
    rows = GroupCode.objects.visible_to(request.user).select_related("branch")
    page = page_of(request, selectors.found(rows, q=q, state=state), 12)
    context = {
        "page": page,
        "cards": selectors.group_cards(page.object_list),
        "states": [row for row in STATES if row[0] != Code.State.PAUSED],
        "state": state,
        "q": q,
        "may_edit": request.user.role in EDITORS,
    }
    return render(request, "channels/codes/groups.html", context)


@access(EDITORS, EDITORS)
def group_code_create(request: Request) -> HttpResponse:
    return _edit(request, None)


@access(EDITORS, EDITORS)
def group_code_edit(request: Request, pk: int) -> HttpResponse:
    code = _code(request, pk)
    if code.state == Code.State.DELETED:
        raise Http404
    return _edit(request, code)


def _edit(request: Request, code: GroupCode | None) -> HttpResponse:
    initial = group_initial(code) if code else {"branch": request.user.branch_id}
    form = GroupForm(request.POST or None, user=request.user, code=code, initial=initial)
    if request.method == "POST" and form.is_valid() and _saved(request, form, code):
        messages.success(request, "已保存，正在推送到企业微信。")
        return redirect("channels:group_codes")
    context = {
        "form": form,
        "code": code,
        "channels": selectors.channel_suggestions(request.user),
    }
    status = 422 if form.is_bound else 200
    return render(request, "channels/codes/group_edit.html", context, status=status)


def _saved(request: Request, form: GroupForm, code: GroupCode | None) -> GroupCode | None:
    try:
        draft = form.draft()
        if code is None:
            return services.group_code_create(draft=draft, actor=request.user)
        return services.group_code_update(code=code, draft=draft, actor=request.user)
    except BusinessError as error:
        form.add_error(None, error.message)
        return None


@require_POST
@access(set(), EDITORS)
def group_code_delete(request: Request, pk: int) -> HttpResponse:
    code = _code(request, pk)
    done = "已删除，二维码随后失效；群和群成员不受影响。"
    perform(request, lambda: services.group_code_delete(code=code, actor=request.user), done)
    return go(request, "channels:group_codes")


@require_POST
@access(set(), EDITORS)
def group_code_push(request: Request, pk: int) -> HttpResponse:
    code = _code(request, pk)
    perform(
        request, lambda: services.code_push_again(code=code, actor=request.user), "已重新推送。"
    )
    return go(request, "channels:group_codes")


@access(_READERS)
def group_code_picture(request: Request, pk: int) -> HttpResponse:
    return picture(_code(request, pk))


@access(_READERS)
def group_code_poster(request: Request, pk: int) -> HttpResponse:
    return download(_code(request, pk))
