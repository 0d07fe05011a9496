"""Reminds RMs who have not confirmed."""

from campaigns.dispatch.handing import source_of
from campaigns.models import Campaign, Delivery, SendBatch
from compliance import gate


def remind(campaign: Campaign) -> tuple[int, list[str]]:
    """(tasks reminded, refusals): one call per task that still waits for its RM."""
    waiting = SendBatch.objects.filter(
        campaign=campaign, deliveries__state=Delivery.State.HANDED_OVER
    ).distinct()
    answers = [gate.remind(source_of(batch)) for batch in waiting]
    errors = [answer for answer in answers if answer]
    return len(answers) - len(errors), errors
