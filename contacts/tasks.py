"""Celery's side of contacts: one line each."""

import datetime

from celery import shared_task
from django.utils import timezone

from contacts.services import duties_find as find
from contacts.services.partitions import partitions_ensure as ensure
from scrm.core.actors import SYSTEM


@shared_task
def partitions_ensure() -> None:
    ensure(until=timezone.localdate() + datetime.timedelta(days=62))


@shared_task
def duties_find() -> int:
    return find(actor=SYSTEM)
