"""Clicks and replies, attributed to the ledger row that caused them."""

import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from campaigns import ledger
from campaigns.models import Delivery, LinkClick, SendBatch
from compliance.models import ArchivedMessage
from contacts.intake import note_event
from contacts.models import ExternalContact

State = Delivery.State


@transaction.atomic
def click(*, batch: SendBatch, contact: ExternalContact | None) -> LinkClick:
    """Keeps every open; the ledger row takes the time of its first."""
    now = timezone.now()
    delivery = Delivery.objects.filter(batch=batch, contact=contact).first() if contact else None
    row = LinkClick.objects.create(batch=batch, contact=contact, delivery=delivery, at=now)
    if delivery is not None:
        rows = Delivery.objects.filter(pk=delivery.pk)
        rows.filter(clicked_at=None).update(clicked_at=now)
        # Who opened it has it, whatever the results that are read later have told so far.
        ledger.move(rows.exclude(state=State.DELIVERED), State.DELIVERED, at=now)
    if contact is not None:
        note_event(
            kind="click",
            contact=contact,
            user=batch.user,
            at=now,
            key=f"click:{row.pk}",
            campaign=batch.campaign_id,
        )
    return row


def attribute_replies() -> int:
    """Gives each customer's first answer to the newest delivery before it; returns how many.

    Set-based and repeatable instead of message by message: the archive's own transactions stay
    free of ledger locks, and a crash between the two only delays an attribution.
    """
    now = timezone.now()
    answers = ArchivedMessage.objects.filter(
        customer=OuterRef("customer"),
        user=OuterRef("user"),
        from_staff=False,
        action="send",
        sent_at__gte=OuterRef("handed_over_at"),
    ).order_by("sent_at")
    newer = Delivery.objects.filter(
        customer=OuterRef("customer"),
        user=OuterRef("user"),
        handed_over_at__gt=OuterRef("handed_over_at"),
        handed_over_at__lte=OuterRef("answered"),
    )
    rows = (
        Delivery.objects.filter(
            replied_at=None,
            state__in=[State.HANDED_OVER, State.CONFIRMED, State.DELIVERED],
            handed_over_at__gte=now - datetime.timedelta(days=settings.REPLY_ATTRIBUTION_DAYS),
        )
        .annotate(answered=Subquery(answers.values("sent_at")[:1]))
        .filter(answered__isnull=False)
        .exclude(Exists(newer))
    )
    found = list(rows.order_by("pk").values_list("pk", "answered"))
    return sum(_replied(pk, at) for pk, at in found)


def _replied(pk: int, at: datetime.datetime) -> int:
    return Delivery.objects.filter(pk=pk, replied_at=None).update(replied_at=at)
