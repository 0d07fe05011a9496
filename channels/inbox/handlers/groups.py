"""change_external_chat: customer groups."""

import dataclasses
import datetime

from django.utils import timezone

from channels.inbox.handlers.base import Handler, Handlers, NotYet, client_of, id_of
from channels.models import InboxEvent
from channels.providers.wecom.people import wecom_id
from channels.sync.groups import group_of
from contacts.intake.groups import GroupFacts, mark_dismissed, take_in_groups
from contacts.models import GroupChat

# WeCom shows a change some seconds after it tells of it. Who waited so long takes what is shown.
_PATIENCE = datetime.timedelta(minutes=10)
# A change that carries no version may be one that changes nothing, so it is waited for less.
_SHORT_PATIENCE = datetime.timedelta(seconds=30)
_SHORTEST_PAUSE = 3.0
_FIELDS = {"change_name": "name", "change_notice": "notice", "change_owner": "owner_userid"}


def _fetch(event: InboxEvent) -> GroupFacts | None:
    chat_id = id_of(event, "ChatId")
    group = group_of(client_of(event), wecom_id(chat_id), event.happened_at)
    age = timezone.now() - event.received_at
    if group is not None and _lags(event, group, age):
        raise NotYet(max(_SHORTEST_PAUSE, age.total_seconds() / 2))
    return group


def _lags(event: InboxEvent, group: GroupFacts, age: datetime.timedelta) -> bool:
    """The reading does not show the change yet: it is the state before it, or what we have.

    Versions have no order, so one that is neither told nor known may be a still newer one.
    """
    wanted = event.body.get("CurMemVer")
    if not wanted:
        field = _FIELDS.get(event.body.get("UpdateDetail") or "")
        return bool(field) and age < _SHORT_PATIENCE and _known(event, group, str(field))
    if group.member_version == wanted or age >= _PATIENCE:
        return False
    before = group.member_version == event.body.get("LastMemVer")
    return before or _known(event, group, "member_version")


def _known(event: InboxEvent, group: GroupFacts, field: str) -> bool:
    """We have had this value since before the event."""
    rows = GroupChat.objects.filter(chat_id=group.chat_id, as_of__lt=event.happened_at)
    return rows.filter(**{field: getattr(group, field)}).exists()


def _refresh(event: InboxEvent, group: GroupFacts | None) -> None:
    """A group that is gone by now has an event of its own."""
    if group is None:
        return
    row = GroupChat.objects.filter(chat_id=group.chat_id).first()
    left = row is not None and row.state == GroupChat.State.OWNER_LEFT
    # Only the list tells that the owner has left; a new owner ends that.
    same_owner = left and row is not None and row.owner_userid == group.owner_userid
    take_in_groups([dataclasses.replace(group, owner_left=same_owner)])


def _dismiss(event: InboxEvent, data: object) -> None:
    mark_dismissed(chat_ids=[id_of(event, "ChatId")], at=event.happened_at)


_EVENT = "change_external_chat"
HANDLERS: Handlers = {
    (_EVENT, "create"): Handler("客户群创建", _refresh, _fetch),
    (_EVENT, "update"): Handler("客户群变更", _refresh, _fetch),
    (_EVENT, "dismiss"): Handler("客户群解散", _dismiss),
}
