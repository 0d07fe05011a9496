"""The outbox asks the gate again before each call, and gives back what did not go out."""

import logging
import threading
from typing import Any

from celery.signals import worker_process_init
from django.db import DatabaseError, connection

from channels.models import OutboxTask
from channels.outbox.clearance import register_check
from channels.outbox.greeting import register_gate
from channels.signals import outbox_cancelled, outbox_settled
from compliance.gate import caps
from compliance.gate.door import recheck
from compliance.gate.greetings import clear_greeting
from compliance.lexicon import ScanFailed
from compliance.lexicons import active_engine

logger = logging.getLogger(__name__)


def _on_settled(task: OutboxTask, **_: Any) -> None:
    if task.state in {OutboxTask.State.FAILED, OutboxTask.State.CANCELLED}:
        caps.release(task.source)


def _on_cancelled(task: OutboxTask, **_: Any) -> None:
    if not task.members.filter(confirmed_at__isnull=False).exists():
        caps.release(task.source)


def warm() -> None:
    """Builds the lexicon's engine, which takes seconds, before the first message needs it."""
    try:
        active_engine()
    except (ScanFailed, DatabaseError) as error:
        logger.info("no engine yet: %s", type(error).__name__)
    finally:
        connection.close()


def _warm_beside(**_: Any) -> None:
    # In a thread: a worker process that is not up within seconds is taken for dead.
    threading.Thread(target=warm, name="warm", daemon=True).start()


def connect() -> None:
    register_check(recheck)
    register_gate(clear_greeting)
    worker_process_init.connect(_warm_beside, dispatch_uid="compliance.gate.warm")
    outbox_cancelled.connect(_on_cancelled, dispatch_uid="compliance.gate.caps_cancelled")
    outbox_settled.connect(_on_settled, dispatch_uid="compliance.gate.caps")
