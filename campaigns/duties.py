"""An RM's mass-send tasks in WeCom stand in the workbench until they are confirmed there."""

from typing import Any

from django.db.models import Count
from django.utils import timezone

from campaigns.models import Campaign, Delivery
from contacts.models import Task

_BY_ITSELF = "已在企业微信确认"


def refresh() -> None:
    """One task per RM and running campaign with unconfirmed customers; closed when none is left."""
    waiting: list[Any] = list(
        Delivery.objects.filter(
            campaign__state__in=[Campaign.State.RUNNING, Campaign.State.PAUSED],
            state=Delivery.State.HANDED_OVER,
        )
        .values("user_id", "campaign_id", "campaign__name", "campaign__ends_on")
        .annotate(people=Count("id"))
    )
    Task.objects.bulk_create(
        [_task(row) for row in waiting],
        update_conflicts=True,
        unique_fields=["source"],
        update_fields=["reason"],
    )
    _reopen({_source(row) for row in waiting})
    _close({_source(row) for row in waiting})


def _source(row: dict[str, Any]) -> str:
    return f"campaign:{row['campaign_id']}:{row['user_id']}"


def _task(row: dict[str, Any]) -> Task:
    today = timezone.localdate()
    return Task(
        owner_id=row["user_id"],
        kind=Task.Kind.CAMPAIGN,
        reason=f"「{row['campaign__name']}」有 {row['people']} 位客户等你在企业微信确认发送",
        action="去确认",
        priority=90,
        due_on=max(today, row["campaign__ends_on"]),
        shown_from=today,
        source=_source(row),
    )


def _reopen(sources: set[str]) -> None:
    """More people came after the task had closed itself; what an RM closed stays closed."""
    Task.objects.filter(source__in=sources, state=Task.State.DONE, note=_BY_ITSELF).update(
        state=Task.State.OPEN, closed_at=None, note=""
    )


def _close(open_sources: set[str]) -> None:
    stale = Task.objects.filter(kind=Task.Kind.CAMPAIGN, state=Task.State.OPEN)
    stale.exclude(source__in=open_sources).update(
        state=Task.State.DONE, closed_at=timezone.now(), note=_BY_ITSELF
    )
