"""What each event means. `fetch` may call WeCom; `apply` only writes, in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from channels import signals
from channels.models import InboxEvent
from channels.providers.wecom.api import wecom
from channels.sync.facts import contact_facts
from contacts import intake
from scrm.accounts.models import User


def _nothing(event: InboxEvent) -> Any:
    return None


@dataclass(frozen=True, slots=True)
class Handler:
    apply: Callable[[InboxEvent, Any], None]
    fetch: Callable[[InboxEvent], Any] = _nothing


def _fetch_contact(event: InboxEvent) -> dict[str, Any]:
    return wecom().contact(event.body["ExternalUserID"])


def _user(event: InboxEvent) -> User | None:
    return User.objects.filter(wecom_userid=event.body["UserID"]).first()


def _apply_contact(event: InboxEvent, data: dict[str, Any]) -> None:
    """Added or edited: takes what WeCom says now about this employee's side of the relation."""
    user = _user(event)
    if user is None:
        return
    for facts in contact_facts(data):
        if facts.userid == event.body["UserID"]:
            follow, created = intake.take_in(user=user, facts=facts, as_of=event.happened_at)
            if created:
                signals.follow_changed.send(
                    InboxEvent, follow=follow, change="added", at=event.happened_at
                )


def _lost(change: str) -> Callable[[InboxEvent, Any], None]:
    def apply(event: InboxEvent, data: Any) -> None:
        user = _user(event)
        if user is None:
            return
        follow = intake.mark_lost(
            user=user,
            external_userid=event.body["ExternalUserID"],
            state=change,
            at=event.happened_at,
        )
        if follow is not None:
            signals.follow_changed.send(
                InboxEvent, follow=follow, change=change, at=event.happened_at
            )

    return apply


def _archive(event: InboxEvent, data: Any) -> None:
    signals.archive_notified.send(InboxEvent, corp_id=event.corp_id)


_CONTACT = Handler(_apply_contact, _fetch_contact)
_HANDLERS: dict[tuple[str, str], Handler] = {
    ("change_external_contact", "add_external_contact"): _CONTACT,
    ("change_external_contact", "add_half_external_contact"): _CONTACT,
    ("change_external_contact", "edit_external_contact"): _CONTACT,
    ("change_external_contact", "del_external_contact"): Handler(_lost("deleted_by_rm")),
    ("change_external_contact", "del_follow_user"): Handler(_lost("deleted_by_customer")),
    ("msgaudit_notify", ""): Handler(_archive),
}


def handler_of(event: InboxEvent) -> Handler | None:
    """None: an event type that the product does not act on; it is kept and shown."""
    return _HANDLERS.get((event.event, event.change_type))
