"""Reads for the page of holds and purges."""

from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from compliance.keeping import retention
from compliance.models import LegalHold, PurgeItem, PurgeRequest
from scrm.accounts.models import User


def holds_of(user: User) -> QuerySet[LegalHold]:
    """Of one's own branches: who placed it, whom it is about."""
    rows = LegalHold.objects.select_related(
        "customer", "user", "placed_by", "release_proposed_by", "released_by", "case"
    )
    if user.branch.parent_id is None:
        return rows
    path = user.branch.path
    mine = Q(placed_by__branch__path__startswith=path) | Q(user__branch__path__startswith=path)
    return rows.filter(mine | Q(customer__branch__path__startswith=path))


def purges_of(user: User) -> QuerySet[PurgeRequest]:
    """Purges reach over the whole bank: head office sees them, branches do not."""
    rows = PurgeRequest.objects.select_related("proposed_by", "approved_by")
    return rows if user.branch.parent_id is None else rows.none()


def items(request: PurgeRequest) -> QuerySet[PurgeItem]:
    return request.items.select_related("message__user", "message__customer").order_by("id")


def counts(request: PurgeRequest) -> list[tuple[str, int]]:
    return [(retention.CLASSES[rule], count) for rule, count in request.counts.items()]


def outcome(request: PurgeRequest) -> list[tuple[str, int]]:
    labels = dict(PurgeItem.State.choices)
    rows = request.items.values("state").annotate(n=Count("id")).order_by("state")
    return [(str(labels[row["state"]]), row["n"]) for row in rows]


def classes() -> list[dict[str, Any]]:
    return [
        {"name": name, "why": retention.WHY[key], "years": settings.RETENTION_YEARS[key]}
        for key, name in retention.CLASSES.items()
    ]
