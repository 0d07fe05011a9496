"""Reads of the content library."""

from django.db.models import QuerySet
from django.utils import timezone

from campaigns.library.models import Content, ContentVersion, Script
from scrm.accounts.models import User


def content_rows(user: User) -> QuerySet[Content]:
    return Content.objects.visible_to(user).prefetch_related("versions__product").order_by("-id")


def usable_versions(user: User) -> QuerySet[ContentVersion]:
    """Approved and unexpired, of contents that the user may see."""
    return (
        ContentVersion.objects.filter(
            content__in=Content.objects.visible_to(user),
            state=ContentVersion.State.APPROVED,
            valid_until__gte=timezone.localdate(),
        )
        .select_related("content", "product")
        .order_by("-id")
    )


def scripts(user: User) -> QuerySet[Script]:
    return Script.objects.visible_to(user)
