"""Reads for the page on which people decide who an external contact is."""

from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from contacts.models import Customer, DoubtCandidate, Follow, IdentityDoubt
from scrm.accounts.models import User


def doubt_rows(user: User, *, decided: bool) -> QuerySet[IdentityDoubt]:
    """Doubts in scope with both sides: open ones oldest first, decided ones newest first."""
    rows = IdentityDoubt.objects.visible_to(user).select_related("contact", "branch", "decided_by")
    state = IdentityDoubt.State.OPEN
    rows = rows.exclude(state=state) if decided else rows.filter(state=state)
    follows = Follow.objects.filter(state=Follow.State.ACTIVE).select_related("user")
    return rows.prefetch_related(
        Prefetch("contact__follows", follows, to_attr="friends"),
        Prefetch(
            "candidates",
            DoubtCandidate.objects.filter(customer__in=Customer.objects.visible_to(user))
            .select_related("customer", "customer__owner", "customer__branch")
            .prefetch_related("customer__contacts")
            .order_by("customer__number"),
        ),
    ).order_by("-decided_at" if decided else "opened_at", "pk")


@dataclass(frozen=True, slots=True)
class Counts:
    open: int
    decided: int


def doubt_counts(user: User) -> Counts:
    rows = IdentityDoubt.objects.visible_to(user)
    waiting = rows.filter(state=IdentityDoubt.State.OPEN).count()
    return Counts(waiting, rows.count() - waiting)
