"""Reads over people and branches."""

from django.db.models import Count, Q, QuerySet

from scrm.accounts.models import Branch, Role, User


def organisation_rows(user: User) -> QuerySet[Branch]:
    """Branches in scope with their number of RMs and customers."""
    return (
        Branch.objects.visible_to(user)
        .annotate(
            rm_count=Count(
                "users", filter=Q(users__role=Role.RM, users__is_active=True), distinct=True
            ),
            customer_count=Count("customers", distinct=True),
        )
        .order_by("path")
    )
