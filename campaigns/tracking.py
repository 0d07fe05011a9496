"""Clicks and replies, attributed to the ledger row that caused them."""

import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from campaigns.models import Delivery, LinkClick, SendBatch
from contacts.intake import note_event
from contacts.models import ExternalContact


@transaction.atomic
def click(*, batch: SendBatch, contact: ExternalContact | None) -> LinkClick:
    """Keeps every open; the ledger row takes the time of its first."""
    now = timezone.now()
    delivery = Delivery.objects.filter(batch=batch, contact=contact).first() if contact else None
    row = LinkClick.objects.create(batch=batch, contact=contact, delivery=delivery, at=now)
    if delivery is not None:
        Delivery.objects.filter(pk=delivery.pk, clicked_at=None).update(clicked_at=now)
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


def on_message(message: Any, **_: Any) -> None:
    """A customer wrote: the newest delivery of the attribution window gets the reply."""
    if message.from_staff or message.customer_id is None or message.action != "send":
        return
    since = message.sent_at - datetime.timedelta(days=settings.REPLY_ATTRIBUTION_DAYS)
    newest = (
        Delivery.objects.filter(
            customer_id=message.customer_id,
            user_id=message.user_id,
            handed_over_at__gte=since,
            # WeCom's confirmation time has seconds; ours is read later, so it is no bound.
            state__in=[
                Delivery.State.HANDED_OVER,
                Delivery.State.CONFIRMED,
                Delivery.State.DELIVERED,
            ],
        )
        .order_by("-handed_over_at")
        .first()
    )
    if newest is not None and newest.replied_at is None:
        Delivery.objects.filter(pk=newest.pk, replied_at=None).update(replied_at=message.sent_at)
