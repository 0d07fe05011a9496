"""Where a form came from."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from scrm.core.pages import go


def back(request: HttpRequest, otherwise: str, *args: Any) -> HttpResponse:
    """To the page named by the form's `next`, if it is one of ours."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
        return go(request, target)
    return go(request, otherwise, *args)
