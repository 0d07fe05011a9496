"""Reads over campaigns and their ledger."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from campaigns import ledger
from campaigns.models import Campaign, Delivery
from scrm.accounts.models import User

State = Delivery.State
# Funnel steps are cumulative: who was delivered had been confirmed and handed over before.
_STEPS = {
    "audience": Q(),
    "handed": Q(handed_over_at__isnull=False),
    "confirmed": Q(confirmed_at__isnull=False) | Q(delivered_at__isnull=False),
    "delivered": Q(delivered_at__isnull=False),
    "clicked": Q(clicked_at__isnull=False),
    "replied": Q(replied_at__isnull=False),
}
STEP_NAMES = {
    "audience": "人群",
    "handed": "已派发",
    "confirmed": "已确认",
    "delivered": "已送达",
    "clicked": "已点击",
    "replied": "已回复",
}


def _counts() -> dict[str, Count]:
    return {name: Count("id", filter=condition) for name, condition in _STEPS.items()}


def funnel(campaign: Campaign, user: User) -> dict[str, int]:
    """{step: people}, of the customers that `user` may see."""
    return Delivery.objects.visible_to(user).filter(campaign=campaign).aggregate(**_counts())


def campaign_rows(user: User) -> QuerySet[Campaign]:
    """Campaigns in scope, newest first."""
    return Campaign.objects.visible_to(user).select_related("owner", "branch", "segment")


def funnels(campaigns: list[Campaign]) -> dict[int, dict[str, int]]:
    """{campaign id: {step: people}}; zeros for campaigns without a ledger yet."""
    rows = (
        Delivery.objects.filter(campaign__in=campaigns).values("campaign_id").annotate(**_counts())
    )
    found: dict[int, Any] = {row["campaign_id"]: row for row in rows}
    return {row.pk: found.get(row.pk, dict.fromkeys(_STEPS, 0)) for row in campaigns}


@dataclass(frozen=True, slots=True)
class ReasonRow:
    code: str
    label: str
    count: int


def reasons(campaign: Campaign, user: User) -> list[ReasonRow]:
    """Why people were not reached, most frequent first."""
    rows = (
        Delivery.objects.visible_to(user)
        .filter(campaign=campaign, state__in=[State.SUPPRESSED, State.FAILED])
        .values_list("reason")
        .annotate(n=Count("id"))
        .order_by("-n")
    )
    return [ReasonRow(code, ledger.REASONS.get(code, code), n) for code, n in rows]


def state_counts(campaign: Campaign, user: User) -> list[tuple[str, str, int]]:
    rows = dict(
        Delivery.objects.visible_to(user)
        .filter(campaign=campaign)
        .values_list("state")
        .annotate(n=Count("id"))
    )
    return [(code, label, rows[code]) for code, label in State.choices if code in rows]


def rm_rows(campaign: Campaign, user: User) -> list[Any]:
    """Per RM: handed over, waiting, delivered, clicked, replied; those who wait first."""
    rows = Delivery.objects.visible_to(user).filter(campaign=campaign, user__isnull=False)
    return list(
        rows.filter(handed_over_at__isnull=False)
        .values(name=F("user__name"), branch=F("user__branch__name"))
        .annotate(waiting=Count("id", filter=Q(state=State.HANDED_OVER)), **_counts())
        .order_by("-waiting", "name")
    )


def variant_rows(campaign: Campaign, user: User) -> list[Any]:
    rows = Delivery.objects.visible_to(user).filter(campaign=campaign, handed_over_at__isnull=False)
    return list(
        rows.values(label=F("variant__label"), title=F("variant__version__content__title"))
        .annotate(**_counts())
        .order_by("label")
    )


def ledger_rows(campaign: Campaign, user: User, state: str, reason: str) -> QuerySet[Delivery]:
    rows = Delivery.objects.visible_to(user).filter(campaign=campaign)
    if state:
        rows = rows.filter(state=state)
    if reason:
        rows = rows.filter(reason=reason)
    return rows.select_related("customer", "user", "variant").order_by("-changed_at", "id")
