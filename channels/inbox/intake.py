"""From a genuine callback to one durable row."""

import datetime
import hashlib
from typing import Any

import xmltodict
from django.db import transaction
from django.utils import timezone

from channels.models import InboxEvent
from scrm.core.bell import ring

# Always a list, also when WeCom sends a single one.
_FORCE_LIST = ("Item", "SelectedItem", "OpitonId")


class NotAnEvent(Exception):
    """The decrypted text is not an event's XML."""


def parse(xml: bytes) -> dict[str, Any]:
    """Inner XML to a dictionary of its elements; raises NotAnEvent."""
    try:
        root = xmltodict.parse(xml.decode("utf-8"), force_list=_FORCE_LIST)["xml"]
    except Exception as error:  # noqa: BLE001 - expat, encoding and entity errors have no common base
        raise NotAnEvent(type(error).__name__) from None
    if not isinstance(root, dict):
        raise NotAnEvent("no elements")
    return dict(root)


def _happened_at(body: dict[str, Any]) -> datetime.datetime:
    try:
        seconds = int(str(body.get("CreateTime")))
        return datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return timezone.now()


def store(*, corp_id: str, agent_id: str, xml: bytes) -> bool:
    """Keeps the event once; False when it was already there. Commits before it returns."""
    from channels.tasks import inbox_drain

    body = parse(xml)
    event = InboxEvent(
        corp_id=corp_id,
        agent_id=agent_id,
        digest=hashlib.sha256(xml).hexdigest(),
        event=str(body.get("Event") or body.get("MsgType") or "")[:60],
        change_type=str(body.get("ChangeType") or "")[:60],
        body=body,
        happened_at=_happened_at(body),
    )
    with transaction.atomic():
        before = InboxEvent.objects.filter(corp_id=corp_id, digest=event.digest).exists()
        InboxEvent.objects.bulk_create([event], ignore_conflicts=True)
        ring(inbox_drain)
    return not before
