"""Default deny: a view without a declared access is closed to everyone."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from scrm.audit.services import record
from scrm.core.access import Access


class DefaultDeny:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        if not getattr(view, "login_required", True):
            return
        if not request.user.is_authenticated:
            return  # LoginRequiredMiddleware sends them to the login page.
        # A class-based or DRF view function carries its class; all declare their access alike.
        holder = getattr(view, "view_class", None) or getattr(view, "cls", view)
        declared: Access | None = getattr(holder, "access", None)
        if declared is None or not declared.allows(request.user.role, request.method or "GET"):
            record("access.denied", actor=request.user, label=f"{request.method} {request.path}")
            raise PermissionDenied("你的角色没有这个页面或操作的权限。")
