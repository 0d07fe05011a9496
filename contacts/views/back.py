"""Where a form came from."""

from typing import Any

from django.http import HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from scrm.accounts.request import Request
from scrm.core.pages import go


def back(request: Request, otherwise: str, *args: Any) -> HttpResponse:
    """To the page named by the form's `next`, if it is one of ours."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
        return go(request, target)
    return go(request, otherwise, *args)
