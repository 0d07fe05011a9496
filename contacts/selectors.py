"""Reads over customers that more than one page needs."""

import datetime
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from contacts.models import (
    Consent,
    Customer,
    CustomerTag,
    ExternalContact,
    Follow,
    Holding,
    Segment,
    Task,
)
from contacts.segments import Moment, rule_q
from scrm.accounts.models import Branch, User
from scrm.core.scope import ScopedQuerySet

SAMPLE_SIZE = 10


def segment_queryset(
    rule: Any, *, user: User, at: datetime.datetime | None = None
) -> ScopedQuerySet[Customer]:
    """Customers of a valid rule whom `user` may see, as of `at` (now). One query, exact."""
    moment = Moment(at) if at else Moment.current()
    return Customer.objects.visible_to(user).filter(rule_q(rule, moment))


def segment_count(rule: Any, *, user: User) -> int:
    return segment_queryset(rule, user=user).count()


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Exact size of a segment, and the same people by branch and by tier (label, count)."""

    count: int
    branches: list[tuple[str, int]]
    tiers: list[tuple[str, int]]


def segment_breakdown(rule: Any, *, user: User) -> Breakdown:
    """One pass over the segment gives the size and both distributions."""
    groups = segment_queryset(rule, user=user).order_by().values_list("branch_id", "tier")
    branches: Counter[int] = Counter()
    tiers: Counter[str] = Counter()
    for branch_id, tier, count in groups.annotate(n=Count("id")):
        branches[branch_id] += count
        tiers[tier] += count
    names = dict(Branch.objects.filter(pk__in=branches).values_list("pk", "name"))
    return Breakdown(
        count=tiers.total(),
        branches=[(names[pk], count) for pk, count in branches.most_common()],
        tiers=[(label, tiers[value]) for value, label in Customer.Tier.choices if tiers[value]],
    )


def segment_samples(rule: Any, *, user: User) -> list[Customer]:
    """The ten wealthiest: the ones a campaign owner recognises."""
    rows = segment_queryset(rule, user=user).select_related("owner", "branch")
    return list(rows.order_by("-aum", "id")[:SAMPLE_SIZE])


def segment_is_editable(segment: Segment, *, user: User) -> bool:
    """Segments of one's own branch and below; those of above may be used, not changed."""
    return segment.branch.path.startswith(user.branch.path)


def open_holdings(customer: Customer) -> list[Holding]:
    """Open holdings, the nearest maturity first, each with .progress: 0–100 of its term passed."""
    today = timezone.localdate()
    rows = list(customer.holdings.filter(closed_on=None).select_related("product"))
    rows.sort(key=lambda row: (row.matures_on or datetime.date.max, -row.amount))
    for row in rows:
        row.progress = _progress(row, today)  # type: ignore[attr-defined]
    return rows


def _progress(holding: Holding, today: datetime.date) -> int:
    if holding.matures_on is None:
        return 0
    term = max((holding.matures_on - holding.started_on).days, 1)
    return min(100, max(0, round(100 * (today - holding.started_on).days / term)))


def live_tags(customer: Customer) -> list[CustomerTag]:
    live = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    rows = CustomerTag.objects.filter(live, customer=customer).select_related(
        "tag", "tag__group", "by"
    )
    return list(rows.order_by("tag__group__name", "tag__name"))


def current_consents(customer: Customer) -> list[Consent]:
    return list(customer.consents.filter(superseded_at=None).order_by("purpose", "channel"))


def friendships(customer: Customer) -> list[Follow]:
    """WeCom relations of the customer, active ones first."""
    rows = Follow.objects.filter(contact__customer=customer).select_related("user", "contact")
    return sorted(rows, key=lambda row: (row.state != Follow.State.ACTIVE, row.added_at))


def open_tasks(customer: Customer) -> list[Task]:
    rows = customer.tasks.filter(state=Task.State.OPEN).select_related("owner")
    return list(rows.order_by("-priority", "due_on"))


def contacts_visible_to(user: User) -> Any:
    """External contacts of visible customers, and unmatched ones the person has added."""
    seen = Q(customer__in=Customer.objects.visible_to(user))
    own = Q(customer=None, follows__user=user)
    return ExternalContact.objects.filter(seen | own).distinct()


@dataclass(frozen=True, slots=True)
class Day:
    """An RM's day in numbers."""

    due: int
    maturing: int
    unanswered: int
    campaign: int
    done_today: int
    customers: int
    friends: int


def day_of(user: User) -> Day:
    due = Counter(Task.objects.filter(owner=user).due().values_list("kind", flat=True))
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    done = Task.objects.filter(owner=user, state=Task.State.DONE, closed_at__gte=midnight).count()
    friends = Follow.objects.filter(
        user=user, state=Follow.State.ACTIVE, contact__customer__owner=user
    )
    return Day(
        due=due.total(),
        maturing=due[Task.Kind.MATURITY],
        unanswered=due[Task.Kind.UNANSWERED],
        campaign=due[Task.Kind.CAMPAIGN],
        done_today=done,
        customers=Customer.objects.filter(owner=user).count(),
        friends=friends.values("contact__customer").distinct().count(),
    )
