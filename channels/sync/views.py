"""Head office's page about walks: what was fetched from WeCom, when, and what went wrong."""

from django.http import HttpResponse
from django.shortcuts import render

from channels.models import SyncRun
from channels.sync import selectors, walk
from scrm.accounts.request import Request
from scrm.core.access import HQ, access
from scrm.core.errors import BusinessError
from scrm.core.pages import go, partial_or_page, perform

_template = partial_or_page("channels/sync.html", "channels/_walks.html")


@access({HQ}, {HQ})
def sync(request: Request) -> HttpResponse:
    if request.method == "POST":
        perform(request, lambda: _start(request), "同步已开始。")
        return go(request, "channels:sync")
    walks = selectors.walks()
    context = {
        "walks": walks,
        "running": any(row.running for row in walks),
        "many": len({row.corp_id for row in walks}) > 1,
        "history": selectors.history(),
    }
    return render(request, _template(request), context)


def _start(request: Request) -> None:
    kind = request.POST.get("kind") or SyncRun.Kind.CONTACTS
    corp_id = request.POST.get("corp", "")
    if (kind, corp_id) not in {(row.kind, row.corp_id) for row in selectors.walks()}:
        raise BusinessError("没有这种同步内容，请刷新页面。")
    walk.start(kind=kind, corp_id=corp_id, actor=request.user)
