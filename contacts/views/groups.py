"""Customer groups: "which groups do we run, and who is in them?" """

from django.http import HttpResponse
from django.shortcuts import render

from contacts.groups import group_people, group_rows, members_of
from contacts.models import GroupChat
from scrm.accounts.request import Request
from scrm.core.access import ADMIN, HQ, RM, access
from scrm.core.pages import page_of, partial_or_page
from scrm.core.scope import fetch

_template = partial_or_page("contacts/groups.html", "contacts/_groups.html")


@access({RM, ADMIN, HQ})
def groups(request: Request) -> HttpResponse:
    state = request.GET.get("state", "")
    state = state if state in GroupChat.State.values else ""
    q = request.GET.get("q", "").strip()
    context = {
        "page": page_of(request, group_rows(request.user, q=q, state=state)),
        "states": GroupChat.State.choices,
        "state": state,
        "q": q,
    }
    return render(request, _template(request), context)


@access({RM, ADMIN, HQ})
def group(request: Request, pk: int) -> HttpResponse:
    rows = GroupChat.objects.visible_to(request.user).select_related("owner", "owner__branch")
    chat = fetch(rows, pk=pk)
    page = page_of(request, members_of(chat))
    people = group_people(page.object_list, request.user)
    return render(request, "contacts/group.html", {"chat": chat, "page": page, "people": people})
