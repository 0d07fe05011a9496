"""Celery's side of contacts: one line each."""

import datetime

from celery import shared_task
from django.utils import timezone

from contacts.services.partitions import partitions_ensure as ensure


@shared_task
def partitions_ensure() -> None:
    ensure(until=timezone.localdate() + datetime.timedelta(days=62))
