"""Small helpers for views: pages of a list, one template for page and fragment, shown errors."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_htmx.http import HttpResponseClientRedirect

from scrm.core.errors import BusinessError

PAGE_SIZE = 20


def page_of(request: HttpRequest, rows: Any, size: int = PAGE_SIZE) -> Page[Any]:
    """The page asked for by ?page=; a wrong number gives the nearest page."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


def go(request: HttpRequest, to: Any, *args: Any, **kwargs: Any) -> HttpResponse:
    """Redirect that htmx follows as a whole-page move."""
    response = redirect(to, *args, **kwargs)
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(response["Location"])
    return response


def perform(request: HttpRequest, act: Callable[[], Any], done: str) -> bool:
    """Runs a service; tells its outcome or its refusal as a message. True when it was done."""
    try:
        act()
    except BusinessError as error:
        messages.error(request, error.message)
        return False
    messages.success(request, done)
    return True


def partial_or_page(page: str, fragment: str) -> Callable[[HttpRequest], str]:
    """Chooses the fragment for htmx requests and the page that includes it for others."""

    def choose(request: HttpRequest) -> str:
        htmx = getattr(request, "htmx", None)
        return fragment if htmx and not htmx.boosted else page

    return choose
