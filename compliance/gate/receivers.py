"""The outbox asks the gate again before each call, and gives back what did not go out."""

from typing import Any

from channels.models import OutboxTask
from channels.outbox.clearance import register_check
from channels.outbox.greeting import register_gate
from channels.signals import outbox_cancelled, outbox_settled
from compliance.gate import caps
from compliance.gate.door import recheck
from compliance.gate.greetings import clear_greeting


def _on_settled(task: OutboxTask, **_: Any) -> None:
    if task.state in {OutboxTask.State.FAILED, OutboxTask.State.CANCELLED}:
        caps.release(task.source)


def _on_cancelled(task: OutboxTask, **_: Any) -> None:
    if not task.members.filter(confirmed_at__isnull=False).exists():
        caps.release(task.source)


def connect() -> None:
    register_check(recheck)
    register_gate(clear_greeting)
    outbox_cancelled.connect(_on_cancelled, dispatch_uid="compliance.gate.caps_cancelled")
    outbox_settled.connect(_on_settled, dispatch_uid="compliance.gate.caps")
