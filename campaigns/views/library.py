"""Content library: list, editor with preview and lexicon findings, submission."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from campaigns.forms import ContentForm, content_initial
from campaigns.library import selectors, services, variables
from campaigns.library.models import DEFAULT_CHANNELS, Content, ContentVersion
from compliance import review
from contacts.models import Customer
from scrm.accounts.request import Request
from scrm.core.access import ADMIN, HQ, RM, access
from scrm.core.errors import BusinessError
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch

AUTHORS = {ADMIN, HQ}


@access({RM, ADMIN, HQ})
def contents(request: Request) -> HttpResponse:
    rows = selectors.contents_of(request.user)
    return render(request, "campaigns/contents.html", {"page": page_of(request, rows, 12)})


def _draft(form: ContentForm) -> services.Draft:
    data = dict(form.cleaned_data)
    data["channels"] = tuple(data["channels"]) or DEFAULT_CHANNELS
    data["tiers"] = tuple(data["tiers"])
    return services.Draft(**data)


@access(AUTHORS, AUTHORS)
def content_create(request: Request) -> HttpResponse:
    form = ContentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            version = services.content_create(draft=_draft(form), actor=request.user)
        except BusinessError as error:
            form.add_error("body", error.message)
        else:
            messages.success(request, "草稿已保存。预览无误后提交审批。")
            return redirect("campaigns:content", version.content_id)
    return render(request, "campaigns/content_edit.html", _editor(request, form, None))


@access({RM, ADMIN, HQ}, AUTHORS)
def content(request: Request, pk: int) -> HttpResponse:
    row = fetch(selectors.contents_of(request.user), pk=pk)
    if request.method == "POST" and not selectors.is_editable(row, request.user):
        raise PermissionDenied("这是上级机构的素材，只能使用，不能修改。")
    version = row.versions.select_related("product", "content").first()
    form = ContentForm(request.POST or None, initial=content_initial(version))
    if request.method == "POST" and form.is_valid():
        try:
            services.content_update(content=row, draft=_draft(form), actor=request.user)
        except BusinessError as error:
            form.add_error("body", error.message)
        else:
            messages.success(request, "已保存。已提交过的版本不受影响，修改成为新的草稿版本。")
            return redirect("campaigns:content", row.pk)
    return render(request, "campaigns/content_edit.html", _editor(request, form, version))


def _editor(
    request: Request, form: ContentForm, version: ContentVersion | None
) -> dict[str, object]:
    return {
        "form": form,
        "version": version,
        "versions": version.content.versions.all() if version else [],
        "variables": [(name, entry[0]) for name, entry in variables.VARIABLES.items()],
        "can_edit": request.user.role in AUTHORS
        and (version is None or selectors.is_editable(version.content, request.user)),
        "findings": review.scan_findings(version.body) if version else [],
    }


@access({RM, ADMIN, HQ}, {RM, ADMIN, HQ})
def content_preview(request: Request) -> HttpResponse:
    """Live preview as a named customer, with lexicon findings underlined."""
    body = request.POST.get("body", "")[:1300]
    number = request.POST.get("customer", "").strip()
    scope = Customer.objects.visible_to(request.user).select_related("owner__branch")
    rows = scope.filter(number=number) if number else scope.order_by("-aum")
    customer = rows.first()
    context: dict[str, object] = {"customer": customer, "body": body}
    try:
        variables.validate(body, has_link=True)
        context["findings"] = review.scan_findings(body)
        if customer is not None:
            context["text"] = variables.render(
                body, customer=customer, sender=customer.owner, link="https://…/t/…"
            )
        context["personal"] = variables.is_personal(body)
    except BusinessError as error:
        context["error"] = error.message
    return render(request, "campaigns/_preview.html", context)


@require_POST
@access(set(), AUTHORS)
def content_submit(request: Request, pk: int) -> HttpResponse:
    version = _version(request, pk)
    perform(
        request,
        lambda: services.version_submit(version=version, actor=request.user),
        "已提交审批，由合规专员处理。",
    )
    return go(request, "campaigns:content", version.content_id)


@require_POST
@access(set(), AUTHORS)
def content_withdraw(request: Request, pk: int) -> HttpResponse:
    version = _version(request, pk)
    reason = request.POST.get("reason", "")
    perform(
        request,
        lambda: services.version_withdraw(version=version, actor=request.user, reason=reason),
        "已撤回：排队中的发送已取消，客户经理还没确认的任务正在企业微信停止。",
    )
    return go(request, "campaigns:content", version.content_id)


def _version(request: Request, pk: int) -> ContentVersion:
    visible = Content.objects.visible_to(request.user)
    version: ContentVersion = fetch(ContentVersion.objects.filter(content__in=visible), pk=pk)
    if not selectors.is_editable(version.content, request.user):
        raise PermissionDenied("这是上级机构的素材，只能使用，不能修改。")
    return version
