"""Rings a worker after commit. A lost ring is harmless: sweepers look at the rows themselves."""

import logging
from typing import Any

from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def ring(task: Any, *args: Any) -> None:
    """Enqueues `task` once the surrounding transaction has committed; never raises for the broker."""

    def send() -> None:
        try:
            task.apply_async(args, retry=False)
        except OperationalError:
            logger.warning("broker unreachable, %s waits for its sweeper", task.name)

    transaction.on_commit(send)
