"""Tags of the bank: "which are there, who carries them, and does WeCom have them too?" """

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from contacts import services
from contacts import tags as reads
from contacts.models import Tag, TagGroup, TagPush
from scrm.accounts.request import Request
from scrm.core.access import ADMIN, HQ, access
from scrm.core.pages import go, perform
from scrm.core.scope import fetch


@access({ADMIN, HQ})
def tags(request: Request) -> HttpResponse:
    may_act = request.user.role == HQ
    context = {
        "groups": reads.tag_groups(),
        "marks": reads.mark_pushes() if may_act else None,
        "may_act": may_act,
    }
    return render(request, "contacts/tags.html", context)


def _done(request: Request, act: Callable[[], Any], text: str) -> HttpResponse:
    perform(request, act, text)
    return go(request, "contacts:tags")


@require_POST
@access(set(), {HQ})
def tag_group_create(request: Request) -> HttpResponse:
    name, shared = request.POST.get("name", ""), bool(request.POST.get("shared"))

    def act() -> None:
        services.tag_group_create(name=name, shared=shared, actor=request.user)

    return _done(request, act, "标签组已建立，请给它加标签。")


@require_POST
@access(set(), {HQ})
def tag_group_change(request: Request, pk: int) -> HttpResponse:
    """action: "share", "unshare", or a new tag by `name`."""
    group = fetch(TagGroup.objects, pk=pk)
    action = request.POST.get("action", "")
    name = request.POST.get("name", "")

    def act() -> None:
        if action in {"share", "unshare"}:
            shared = action == "share"
            services.tag_group_share(group=group, shared=shared, actor=request.user)
        else:
            services.tag_create(group=group, name=name, actor=request.user)

    return _done(request, act, "标签组已更新。")


@require_POST
@access(set(), {HQ})
def tag_change(request: Request, pk: int) -> HttpResponse:
    """action: "remove", or a new `name`."""
    tag = fetch(Tag.objects.live().select_related("group"), pk=pk)

    def act() -> None:
        if request.POST.get("action") == "remove":
            services.tag_remove(tag=tag, actor=request.user)
        else:
            name = request.POST.get("name", "")
            services.tag_rename(tag=tag, name=name, actor=request.user)

    return _done(request, act, "标签已更新。")


@require_POST
@access(set(), {HQ})
def tag_push_again(request: Request, pk: int) -> HttpResponse:
    push = fetch(TagPush.objects, pk=pk)

    def act() -> None:
        services.tag_push_again(push=push, actor=request.user)

    return _done(request, act, "已重新排队。")
