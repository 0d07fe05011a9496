"""Stops a campaign: first in our own rows, then at WeCom, and says what could not be stopped."""

from campaigns import ledger
from campaigns.dispatch.handing import batch_of, source_of
from campaigns.models import Campaign, Delivery, SendBatch
from compliance import gate

State = Delivery.State


def withdraw(campaign: Campaign) -> list[str]:
    """Within the cancelling transaction; returns sources that exist at WeCom."""
    ledger.move(
        Delivery.objects.filter(campaign=campaign, state=State.PLANNED),
        State.SUPPRESSED,
        reason="cancelled",
    )
    sources = [source_of(batch) for batch in SendBatch.objects.filter(campaign=campaign)]
    withdrawn, at_wecom = gate.withdraw(sources)
    for source in withdrawn:
        rows = Delivery.objects.filter(batch=batch_of(source))
        ledger.move(rows, State.SUPPRESSED, reason="cancelled")
    return at_wecom


def cancel_at_wecom(campaign: Campaign, sources: list[str]) -> list[str]:
    """Asks WeCom for each task; a confirmation that was faster keeps its rows as they are."""
    errors = []
    for source in sources:
        error = gate.cancel_at_wecom(source)
        if error:
            errors.append(error)
            continue
        rows = Delivery.objects.filter(batch=batch_of(source), state=State.HANDED_OVER)
        ledger.move(rows, State.SUPPRESSED, reason="cancelled")
    return errors
