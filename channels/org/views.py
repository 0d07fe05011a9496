"""Head office's page: who is in WeCom, who is here, and who has left."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from channels.models import Department
from channels.org import selectors
from channels.org.services import department_link
from scrm.accounts.models import Branch
from scrm.accounts.request import Request
from scrm.core.access import HQ, access
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch

_TABS = (
    ("departments", "部门与机构"),
    ("members", "没有账号的员工"),
    ("users", "不在企业微信的员工"),
    ("leavers", "已离职待交接"),
)


@access({HQ})
def wecom_org(request: Request) -> HttpResponse:
    """One tab at a time; each of the others shows how many rows wait there."""
    lists: dict[str, Any] = {
        "members": selectors.members_without_user(),
        "users": selectors.users_without_member(),
        "leavers": selectors.leavers(),
    }
    tab = request.GET.get("tab", "")
    context: dict[str, Any] = {
        "tab": tab if tab in lists else "departments",
        "tabs": [
            (code, name, lists[code].count() if code in lists else None) for code, name in _TABS
        ],
    }
    if tab in lists:
        context["page"] = page_of(request, lists[tab])
    else:
        context |= {"departments": selectors.departments(), "branches": selectors.branches()}
    return render(request, "channels/org.html", context)


@require_POST
@access(set(), {HQ})
def department_branch(request: Request, pk: int) -> HttpResponse:
    department = fetch(Department.objects, pk=pk)
    chosen = request.POST.get("branch", "")
    branch = fetch(Branch.objects, pk=chosen) if chosen.isdecimal() else None

    def act() -> None:
        department_link(department=department, branch=branch, actor=request.user)

    perform(request, act, f"「{department}」的机构已更新。")
    return go(request, "channels:wecom_org")
