"""What the checks need from our own side, read before they start: they run in threads, and a
thread should open no database connection of its own."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from channels import selectors
from channels.models import InboxEvent
from channels.providers.wecom.applications import Application, applications
from channels.providers.wecom.people import corp_of
from scrm.accounts.models import User

# Tells which versions of the archive's key our stored records need; filled by who stores them.
_key_versions: list[Callable[[], set[int]]] = []


def register_key_versions(source: Callable[[], set[int]]) -> None:
    if source not in _key_versions:
        _key_versions.append(source)


@dataclass(frozen=True, slots=True)
class Facts:
    """What our side knows of one application."""

    app: Application
    first: bool
    userids: frozenset[str]
    last_callback_at: datetime.datetime | None
    callback_url: str
    key_versions: frozenset[int]
    # The last bad news about the balance of acquisition links, or "".
    balance_warning: str


def gather() -> list[Facts]:
    """One for each application, the bank's first one in front."""
    known = User.objects.filter(is_active=True).exclude(wecom_userid=None)
    userids = [str(userid) for userid in known.values_list("wecom_userid", flat=True)]
    warning = selectors.acquisition_warning()
    versions = frozenset(version for source in _key_versions for version in source())
    return [
        _facts(app, place == 0, userids, versions, warning)
        for place, app in enumerate(applications())
    ]


def _facts(
    app: Application, first: bool, userids: list[str], versions: frozenset[int], warning: str
) -> Facts:
    last = InboxEvent.objects.filter(corp_id=app.corp_id, agent_id=str(app.agent_id))
    # Without a corp id there is no such address; its own check says so.
    address = reverse("channels:callback", args=(app.corp_id or "-", app.agent_id))
    return Facts(
        app=app,
        first=first,
        userids=frozenset(userid for userid in userids if corp_of(userid) == app.corp_id),
        last_callback_at=last.order_by("-id").values_list("received_at", flat=True).first(),
        callback_url=settings.PUBLIC_URL.rstrip("/") + address,
        key_versions=versions,
        balance_warning=warning,
    )
