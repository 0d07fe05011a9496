"""Customer groups: taken in whole, member by member against what was known."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Lower

from contacts.models import ExternalContact, GroupChat, GroupMember
from scrm.accounts.models import User


@dataclass(frozen=True, slots=True)
class MemberFacts:
    member_id: str
    employee: bool
    name: str
    joined_at: datetime.datetime
    join_scene: int
    inviter: str
    channel_state: str


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """A group as WeCom states it."""

    chat_id: str
    name: str
    notice: str
    owner_userid: str
    owner_left: bool
    created_at: datetime.datetime
    member_version: str
    members: tuple[MemberFacts, ...]
    as_of: datetime.datetime


@dataclass(frozen=True, slots=True)
class GroupsTaken:
    groups: int = 0
    joined: int = 0
    left: int = 0


class _People:
    """Whom we know of all the people in some groups, looked up once."""

    def __init__(self, groups: list[GroupFacts]) -> None:
        members = [row for group in groups for row in group.members]
        userids = {group.owner_userid.lower() for group in groups}
        userids |= {row.member_id.lower() for row in members if row.employee}
        users = User.objects.annotate(key=Lower("wecom_userid")).filter(key__in=userids)
        self.users = dict(users.values_list("key", "pk"))
        ids = {row.member_id for row in members if not row.employee}
        contacts = ExternalContact.objects.filter(external_userid__in=ids)
        self.contacts = dict(contacts.values_list("external_userid", "pk"))

    def user(self, userid: str) -> int | None:
        return self.users.get(userid.lower())

    def link(self, row: GroupMember) -> bool:
        """Ties the member to our people; True when that is news."""
        before = (row.user_id, row.contact_id)
        if row.kind == GroupMember.Kind.EMPLOYEE:
            row.user_id = self.user(row.member_id)
        else:
            row.contact_id = self.contacts.get(row.member_id)
        return before != (row.user_id, row.contact_id)


@transaction.atomic
def take_in_groups(groups: Iterable[GroupFacts]) -> GroupsTaken:
    """Groups with their members; a group of which something newer is known stays as it is."""
    told = {group.chat_id: group for group in groups}
    people = _People(list(told.values()))
    GroupChat.objects.bulk_create(
        [_chat(group, people) for _, group in sorted(told.items())], ignore_conflicts=True
    )
    rows = GroupChat.objects.select_for_update().filter(chat_id__in=told).order_by("chat_id")
    current = [row for row in rows if row.as_of <= told[row.chat_id].as_of]
    for row in current:
        _renew(row, told[row.chat_id], people)
    joined, left = _members(current, told, people)
    return GroupsTaken(len(told), joined, left)


def _chat(group: GroupFacts, people: _People) -> GroupChat:
    return _told(GroupChat(chat_id=group.chat_id), group, people)


def _told(row: GroupChat, group: GroupFacts, people: _People) -> GroupChat:
    row.name, row.notice = group.name[:120], group.notice
    row.owner_userid, row.owner_id = group.owner_userid, people.user(group.owner_userid)
    row.created_at, row.member_version = group.created_at, group.member_version
    row.state = GroupChat.State.OWNER_LEFT if group.owner_left else GroupChat.State.ACTIVE
    row.dismissed_at, row.as_of = None, group.as_of
    return row


def _renew(row: GroupChat, group: GroupFacts, people: _People) -> None:
    _told(row, group, people).save()


def _members(
    chats: list[GroupChat], told: dict[str, GroupFacts], people: _People
) -> tuple[int, int]:
    """Stays that began and stays that ended."""
    known = {
        (row.chat_id, row.member_id): row
        for row in GroupMember.objects.present().filter(chat__in=chats)
    }
    fresh, linked, seen = [], [], set()
    for chat in chats:
        for facts in told[chat.chat_id].members:
            row = known.get((chat.pk, facts.member_id))
            if row is not None and row.joined_at == facts.joined_at:
                seen.add(row.pk)
                if people.link(row):
                    linked.append(row)
            else:
                fresh.append(_stay(chat, facts, people))
    ended = {row.pk: row for row in known.values() if row.pk not in seen}
    dates = {chat.pk: chat.as_of for chat in chats}
    for row in ended.values():
        row.left_at = dates[row.chat_id]
    GroupMember.objects.bulk_update(ended.values(), ["left_at"], batch_size=200)
    GroupMember.objects.bulk_update(linked, ["user", "contact"], batch_size=200)
    # A stay that was thought to have ended goes on when WeCom still shows it.
    GroupMember.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["chat", "member_id", "joined_at"],
        update_fields=["left_at", "name"],
    )
    return len(fresh), len(ended)


def _stay(chat: GroupChat, facts: MemberFacts, people: _People) -> GroupMember:
    row = GroupMember(
        chat=chat,
        member_id=facts.member_id,
        kind=GroupMember.Kind.EMPLOYEE if facts.employee else GroupMember.Kind.EXTERNAL,
        name=facts.name[:120],
        joined_at=facts.joined_at,
        join_scene=facts.join_scene,
        inviter=facts.inviter,
        channel_state=facts.channel_state[:64],
    )
    people.link(row)
    return row


@transaction.atomic
def mark_dismissed(*, chat_ids: Iterable[str], at: datetime.datetime) -> int:
    """Groups that are no more, unless something newer is known; their members have left."""
    rows = GroupChat.objects.select_for_update().filter(chat_id__in=list(chat_ids), as_of__lte=at)
    ids = [row.pk for row in rows.exclude(state=GroupChat.State.DISMISSED).order_by("chat_id")]
    GroupChat.objects.filter(pk__in=ids).update(
        state=GroupChat.State.DISMISSED, dismissed_at=at, as_of=at
    )
    GroupMember.objects.present().filter(chat__in=ids).update(left_at=at)
    return len(ids)
