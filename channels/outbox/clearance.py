"""The paper without which nothing leaves: who cleared what, under which rules, until when."""

import datetime
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings

from channels.models import OutboxTask


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be sent: one text by one employee to a list of external contacts."""

    sender: str
    text: str
    recipients: tuple[str, ...]
    purpose: str
    # Who asked, e.g. "campaigns.batch:5"; unique, so that asking twice makes one task.
    source: str


@dataclass(frozen=True, slots=True)
class Clearance:
    cleared_by: str
    rules: dict[str, str]
    valid_until: datetime.datetime


@dataclass(frozen=True, slots=True)
class Recheck:
    """Answer at the moment of sending: refuse all, wait for a better time, or drop some people."""

    refuse: str = ""
    later: str = ""
    drop: dict[str, tuple[str, str]] = field(default_factory=dict)


Check = Callable[[OutboxTask], Recheck]
_checks: list[Check] = []


def register_check(check: Check) -> None:
    """Adds a check that every task passes right before its call; without any, nothing is sent."""
    if check not in _checks:
        _checks.append(check)


def recheck(task: OutboxTask) -> Recheck:
    """Runs all checks; fails closed when none is registered."""
    if not _checks:
        return Recheck(refuse="没有登记发送前检查，已停止发送。")
    drop: dict[str, tuple[str, str]] = {}
    for check in _checks:
        answer = check(task)
        if answer.refuse or answer.later:
            return answer
        drop |= answer.drop
    return Recheck(drop=drop)


def seal(message: Message) -> str:
    """Keyed hash of what is cleared: a changed text or recipient list no longer fits its paper."""
    content = json.dumps(
        [message.sender, message.text, sorted(message.recipients), message.purpose, message.source],
        ensure_ascii=False,
    )
    return hmac.new(settings.SEAL_KEY.encode(), content.encode(), hashlib.sha256).hexdigest()


def seal_of(task: OutboxTask) -> str:
    return seal(Message(task.sender, task.text, tuple(task.recipients), task.purpose, task.source))
