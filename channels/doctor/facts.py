"""What the checks need from our own side, read before they start: they run in threads, and a
thread should open no database connection of its own."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from channels.models import InboxEvent
from scrm.accounts.models import User

# Tells which versions of the archive's key our stored records need; filled by who stores them.
_key_versions: list[Callable[[], set[int]]] = []


def register_key_versions(source: Callable[[], set[int]]) -> None:
    if source not in _key_versions:
        _key_versions.append(source)


@dataclass(frozen=True, slots=True)
class Facts:
    userids: frozenset[str]
    last_callback_at: datetime.datetime | None
    callback_url: str
    key_versions: frozenset[int]


def gather() -> Facts:
    userids = User.objects.filter(is_active=True).exclude(wecom_userid=None)
    last = InboxEvent.objects.order_by("-received_at").values_list("received_at", flat=True)
    # Without a corp id there is no such address; its own check says so.
    app = (settings.WECOM_CORP_ID or "-", settings.WECOM_AGENT_ID)
    return Facts(
        userids=frozenset(filter(None, userids.values_list("wecom_userid", flat=True))),
        last_callback_at=last.first(),
        callback_url=settings.PUBLIC_URL.rstrip("/") + reverse("channels:callback", args=app),
        key_versions=frozenset(version for source in _key_versions for version in source()),
    )
