"""Carries a running campaign on: plan, hand over, finish. Safe to call at any time, by anyone."""

import logging

from django.db import transaction
from django.utils import timezone

from campaigns import duties, planner, tracking
from campaigns.dispatch import cancelling, handing
from campaigns.models import Campaign, Delivery
from scrm.audit.services import record
from scrm.core.actors import SYSTEM
from scrm.core.states import move

logger = logging.getLogger(__name__)
State = Campaign.State
_OPEN = [
    Delivery.State.PLANNED,
    Delivery.State.LEASED,
    Delivery.State.UNCERTAIN,
    Delivery.State.HANDED_OVER,
    Delivery.State.CONFIRMED,
]


def run(campaign_id: int) -> None:
    campaign = Campaign.objects.get(pk=campaign_id)
    if campaign.state != State.RUNNING or not _has_begun(campaign):
        return
    if campaign.planned_at is None:
        planner.plan(campaign)
    handing.hand_over(campaign)


def _has_begun(campaign: Campaign) -> bool:
    """Launched ahead of its time, a campaign waits here; the sweeper calls again."""
    return campaign.starts_at is None or campaign.starts_at <= timezone.now()


def sweep() -> int:
    """Every running campaign is carried on and, when its time is over, ended."""
    count = tracking.attribute_replies()
    for campaign in Campaign.objects.filter(state=State.RUNNING):
        try:
            run(campaign.pk)
            count += _finish_if_over(campaign.pk)
        except Exception:
            # One campaign that cannot go on must not stop the others.
            logger.exception("campaign %s", campaign.pk)
    duties.refresh()
    return count


@transaction.atomic
def _finish_if_over(campaign_id: int) -> bool:
    campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
    if campaign.state != State.RUNNING or (
        campaign.planned_at is None and not campaign.launched_at
    ):
        return False
    rows = Delivery.objects.filter(campaign=campaign)
    over = campaign.ends_on < timezone.localdate()
    if campaign.planned_at is None or (rows.filter(state__in=_OPEN).exists() and not over):
        return False
    move(campaign, Campaign.MOVES, State.FINISHED)
    campaign.finished_at = timezone.now()
    campaign.save(update_fields=["state", "finished_at"])
    if over:
        cancelling.withdraw(campaign, reason="expired")
    record("campaign.finish", actor=SYSTEM, obj=campaign)
    return True
