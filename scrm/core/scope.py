"""Object scope: which rows a person may see at all. Outside it an object does not exist."""

from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models
from django.shortcuts import get_object_or_404

if TYPE_CHECKING:
    from scrm.accounts.models import User

M = TypeVar("M", bound=models.Model)


class ScopedQuerySet(models.QuerySet[M]):
    """Rows that belong to a branch, and perhaps to one RM, under the names given by the class."""

    branch_path = "branch__path"
    owner = "owner"

    def visible_to(self, user: "User") -> "ScopedQuerySet[M]":
        """An RM's own rows; for others those of their branch and below (head office: all)."""
        if user.role == "rm":
            return self.filter(**{self.owner: user})
        if user.branch.parent_id is None:
            return self
        return self.filter(**{f"{self.branch_path}__startswith": user.branch.path})


class BranchScopedQuerySet(ScopedQuerySet[M]):
    """Rows of a branch that RMs see too (contents, scripts): the path of those above counts as well."""

    def visible_to(self, user: "User") -> "BranchScopedQuerySet[M]":
        if user.branch.parent_id is None:
            return self
        ids = [int(part) for part in user.branch.path.strip("/").split("/")]
        below = models.Q(**{f"{self.branch_path}__startswith": user.branch.path})
        return self.filter(below | models.Q(branch_id__in=ids))


def fetch(queryset: Any, **lookup: Any) -> Any:
    """The one row, or 404: `fetch(Customer.objects.visible_to(user), pk=pk)`."""
    return get_object_or_404(queryset, **lookup)
