"""Reads of the content library."""

from django.db.models import QuerySet
from django.utils import timezone

from campaigns.library.models import Content, ContentVersion, Material, Script
from scrm.accounts.models import Role, User


def content_rows(user: User) -> QuerySet[Content]:
    return Content.objects.visible_to(user).prefetch_related("versions__product").order_by("-id")


def contents_of(user: User) -> QuerySet[Content]:
    """RMs see what they may use; authors also drafts, of their branch, below and above."""
    rows = content_rows(user)
    if user.role == Role.RM:
        return rows.filter(pk__in=usable_versions(user).order_by().values("content"))
    return rows


def is_editable(content: Content, user: User) -> bool:
    """A content of a higher branch may be used, not changed."""
    return content.branch.path.startswith(user.branch.path)


def usable_versions(user: User) -> QuerySet[ContentVersion]:
    """Approved and unexpired, of contents that the user may see."""
    return (
        ContentVersion.objects.filter(
            content__in=Content.objects.visible_to(user),
            state=ContentVersion.State.APPROVED,
            valid_from__lte=timezone.localdate(),
            valid_until__gte=timezone.localdate(),
        )
        .select_related("content", "product")
        .order_by("-id")
    )


def usable_materials(user: User) -> QuerySet[Material]:
    """Approved and unexpired materials that the user may see; without the bytes."""
    today = timezone.localdate()
    return materials_of(user).filter(
        state=Material.State.APPROVED, valid_from__lte=today, valid_until__gte=today
    )


def materials_of(user: User) -> QuerySet[Material]:
    rows = Material.objects.visible_to(user).select_related("file", "branch")
    return rows.defer("file__content").order_by("-id")


def scripts(user: User) -> QuerySet[Script]:
    return Script.objects.visible_to(user)
