"""The DRF side of the policies: an API view states its access like a page does."""

from typing import Any, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from scrm.accounts.models import User
from scrm.core.access import Access


def reader(request: Request) -> User:
    """The signed-in person of an API request; RolePermission let nobody else through."""
    return cast("User", request.user)


class RolePermission(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        declared: Access | None = getattr(view, "access", None)
        user = request.user
        if declared is None or not user.is_authenticated:
            return False
        return declared.allows(user.role, request.method or "GET")
