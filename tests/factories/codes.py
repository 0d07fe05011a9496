"""Live codes, and the words of people who scan them."""

import datetime
from typing import Any

from django.utils import timezone

from channels.codes.drafts import MemberDraft, ShiftDraft, WayDraft
from channels.codes.services import contact_way_create
from channels.models import ContactWay
from contacts.models import ExternalContact, Follow, GroupChat
from scrm.accounts.models import User
from tests.factories.cast import Cast

EVERY_DAY = tuple(range(7))


def shift(*people: User, days: tuple[int, ...] = EVERY_DAY, at: str = "09:00-18:00") -> ShiftDraft:
    starts, ends = (datetime.time.fromisoformat(part) for part in at.split("-"))
    return ShiftDraft(days, starts, ends, tuple(user.pk for user in people))


def members(*people: User, cap: int | None = None, fallback: User | None = None) -> tuple:
    last = fallback or people[-1]
    everybody = people if last in people else (*people, last)
    return tuple(
        MemberDraft(user.pk, None if user == last else cap, user == last) for user in everybody
    )


def draft(cast: Cast, **changes: Any) -> WayDraft:
    facts: dict[str, Any] = {
        "name": "大堂活码",
        "channel": "网点大堂",
        "branch": cast.beijing,
        "members": members(cast.alice, cast.amy),
    }
    return WayDraft(**(facts | changes))


def way(cast: Cast, actor: User | None = None, **changes: Any) -> ContactWay:
    return contact_way_create(draft=draft(cast, **changes), actor=actor or cast.admin)


def came(
    way: ContactWay,
    user: User,
    who: str,
    at: datetime.datetime | None = None,
    state: str = Follow.State.ACTIVE,
    **contact: Any,
) -> Follow:
    """A friendship as a walk would bring it."""
    person, _ = ExternalContact.objects.get_or_create(
        external_userid=who, defaults={"name": who, **contact}
    )
    at = at or timezone.now()
    return Follow.objects.create(
        user=user,
        contact=person,
        channel_state=way.channel_state,
        added_at=at,
        as_of=at,
        state=state,
    )


def chat(owner: User, chat_id: str, name: str = "财富沙龙") -> GroupChat:
    """A customer group as a walk would bring it."""
    now = timezone.now()
    return GroupChat.objects.create(
        chat_id=chat_id, name=name, owner=owner, owner_userid=owner.wecom_userid, as_of=now
    )
