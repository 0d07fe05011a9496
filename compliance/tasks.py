"""Celery's side of compliance: one line each, idempotent by row state."""

from celery import shared_task

from compliance import unanswered
from compliance.archive import rounds


@shared_task
def archive_pull() -> int:
    return rounds.run()


@shared_task
def archive_sweep() -> int:
    return rounds.sweep()


@shared_task
def unanswered_find() -> int:
    return unanswered.find()
