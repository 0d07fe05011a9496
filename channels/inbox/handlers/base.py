"""What the handlers share.

    HANDLERS: Handlers = {
        ("change_external_tag", "create"): Handler("企业标签新增", _apply, _fetch),
        ("change_external_tag", "shuffle"): kept("企业标签排序"),
    }

`fetch` may call WeCom and runs outside of any transaction; `apply` only writes, in one transaction
with the event's end, and is idempotent: an event may be replayed. The change type "*" stands for
every change that has no entry of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from channels.models import InboxEvent
from channels.providers.wecom.api import WeCom, wecom
from channels.providers.wecom.people import local_id
from contacts import intake
from contacts.models import ExternalContact
from scrm.accounts.models import User

Apply = Callable[[InboxEvent, Any], None]
Fetch = Callable[[InboxEvent], Any]


def _nothing(event: InboxEvent) -> Any:
    return None


class NotYet(Exception):
    """Raised by `fetch`: WeCom does not show yet what the event tells. This uses up no attempt."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"企业微信还没有更新，{seconds:.0f} 秒后再读。")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Handler:
    # Chinese, as the inbox page shows it.
    name: str
    # None: kept and shown; the product has nothing to do.
    apply: Apply | None = None
    fetch: Fetch = _nothing


Handlers = dict[tuple[str, str], Handler]


def kept(name: str) -> Handler:
    """An event that is kept and shown, and that the product does not act on."""
    return Handler(name)


def client_of(event: InboxEvent) -> WeCom:
    """WeCom as the corporation of this event sees it."""
    return wecom(event.corp_id)


def user_of(event: InboxEvent, field: str = "UserID") -> User | None:
    """The employee whom the event names; None when we do not know them."""
    return User.objects.filter(wecom_userid=id_of(event, field)).first()


def id_of(event: InboxEvent, field: str) -> str:
    """A person of this event's corporation, as our rows name them; "" when the event names none."""
    return local_id(event.corp_id, str(event.body.get(field) or ""))


def note(event: InboxEvent, kind: str, **properties: object) -> None:
    """Keeps what the event says as a fact of the behaviour stream; told twice, it is there once."""
    external_userid = id_of(event, "ExternalUserID")
    contact = ExternalContact.objects.filter(external_userid=external_userid).first()
    intake.note_event(
        kind=kind,
        contact=contact,
        user=user_of(event),
        at=event.happened_at,
        key=f"inbox:{event.pk}",
        source="wecom",
        external_userid=external_userid,
        **properties,
    )
