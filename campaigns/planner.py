"""From the frozen audience to one ledger row per person, with a sender or with a reason."""

import hashlib
from typing import cast

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from campaigns.models import AudienceMember, Campaign, Delivery, Variant
from contacts.models import Customer, Follow

_BATCH = 2000
State = Delivery.State


def plan(campaign: Campaign) -> int:
    """Adds the rows that are missing; resumable, each batch commits alone. Returns how many."""
    made = 0
    while batch := _missing(campaign):
        made += _plan_batch(campaign, batch)
    Campaign.objects.filter(pk=campaign.pk, planned_at=None).update(planned_at=timezone.now())
    return made


def _missing(campaign: Campaign) -> list[int]:
    have = Delivery.objects.filter(campaign=campaign, wave=1).values("customer_id")
    members: QuerySet[AudienceMember] = AudienceMember.objects.filter(snapshot=campaign.snapshot)
    rows = members.exclude(customer_id__in=have).order_by("customer_id")
    return list(rows.values_list("customer_id", flat=True)[:_BATCH])


@transaction.atomic
def _plan_batch(campaign: Campaign, customer_ids: list[int]) -> int:
    variants = list(campaign.variants.order_by("label"))
    friends = _friends(customer_ids)
    rows = [_row(campaign, pk, friends.get(pk), variants) for pk in customer_ids]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _friends(customer_ids: list[int]) -> dict[int, Follow]:
    """Who sends: the owner when a friend, else the RM who was added last."""
    owners = dict(Customer.objects.filter(pk__in=customer_ids).values_list("pk", "owner_id"))
    follows = (
        Follow.objects.filter(
            contact__customer_id__in=customer_ids, state=Follow.State.ACTIVE, user__is_active=True
        )
        .select_related("contact")
        .order_by("added_at")
    )
    chosen: dict[int, Follow] = {}
    for follow in follows:
        customer = cast("int", follow.contact.customer_id)
        held = chosen.get(customer)
        if held is None or held.user_id != owners[customer]:
            chosen[customer] = follow
    return chosen


def bucket(campaign_id: int, customer_id: int, salt: str) -> int:
    """0–9999, even and repeatable; the control group has a salt of its own."""
    digest = hashlib.sha256(f"{salt}:{campaign_id}:{customer_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 10_000


def _row(
    campaign: Campaign, customer_id: int, follow: Follow | None, variants: list[Variant]
) -> Delivery:
    row = Delivery(campaign=campaign, customer_id=customer_id)
    row.variant = _variant(campaign.pk, customer_id, variants)
    if bucket(campaign.pk, customer_id, "holdout") < campaign.holdout_percent * 100:
        row.state, row.reason = State.SUPPRESSED, "holdout"
    elif follow is None:
        row.state, row.reason = State.SUPPRESSED, "no_friend"
    if follow is not None:
        row.user_id, row.contact = follow.user_id, follow.contact
    return row


def _variant(campaign_id: int, customer_id: int, variants: list[Variant]) -> Variant:
    point = bucket(campaign_id, customer_id, "variant") % sum(v.weight for v in variants)
    for variant in variants:
        point -= variant.weight
        if point < 0:
            return variant
    raise AssertionError("weights do not cover the range")
