"""Stops a campaign: in our own rows at once, at WeCom until it has heeded."""

from typing import Any

from django.db.models import QuerySet

from campaigns import ledger
from campaigns.dispatch.handing import batch_of, source_of, sources_of
from campaigns.models import Campaign, ContentVersion, Delivery, SendBatch
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
    rows = Delivery.objects.filter(batch=batch, state=State.HANDED_OVER)
    ledger.move(rows, State.SUPPRESSED, reason=stop_reason(batch))


def stop_reason(batch: SendBatch) -> str:
    """Why a batch was taken back: its content was withdrawn, or its campaign ended."""
    version = _withdrawn(batch.deliveries.all())
    if version.exists():
        return "withdrawn"
    return "expired" if batch.campaign.state == Campaign.State.FINISHED else "cancelled"


def _withdrawn(rows: "QuerySet[Delivery]") -> "QuerySet[Delivery]":
    return rows.filter(variant__version__state=ContentVersion.State.WITHDRAWN)


def withdraw_content(version: ContentVersion) -> None:
    """Within the withdrawing transaction: nobody gets this content any more, wherever it waits."""
    rows = Delivery.objects.filter(variant__version=version)
    ledger.move(rows.filter(state=State.PLANNED), State.SUPPRESSED, reason="withdrawn")
    waiting = rows.filter(state__in=(State.LEASED, State.UNCERTAIN, State.HANDED_OVER))
    batches = SendBatch.objects.filter(deliveries__in=waiting).distinct()
    gate.withdraw([source_of(batch) for batch in batches])
