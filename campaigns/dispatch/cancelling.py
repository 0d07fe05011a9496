"""Stops a campaign: in our own rows at once, at WeCom until it has heeded."""

from typing import Any

from campaigns import ledger
from campaigns.dispatch.handing import batch_of, sources_of
from campaigns.models import Campaign, Delivery
from compliance import gate

State = Delivery.State


def withdraw(campaign: Campaign, *, reason: str) -> None:
    """Within the ending transaction: nothing new goes out, and WeCom will be asked to stop."""
    planned = Delivery.objects.filter(campaign=campaign, state=State.PLANNED)
    ledger.move(planned, State.SUPPRESSED, reason=reason)
    gate.withdraw(sources_of(campaign))


def on_cancelled(task: Any, **_: Any) -> None:
    """WeCom has stopped a task; a confirmation that was faster keeps its rows as they are."""
    batch = batch_of(task.source)
    if batch is None:
        return
    over = batch.campaign.state == Campaign.State.FINISHED
    rows = Delivery.objects.filter(batch=batch, state=State.HANDED_OVER)
    ledger.move(rows, State.SUPPRESSED, reason="expired" if over else "cancelled")
