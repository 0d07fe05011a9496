"""Celery's side of campaigns: one line each, idempotent by row state."""

from celery import shared_task

from campaigns import running


@shared_task
def campaign_run(campaign_id: int) -> None:
    running.run(campaign_id)


@shared_task
def campaigns_sweep() -> int:
    return running.sweep()
