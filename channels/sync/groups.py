"""Customer groups with their members."""

import datetime
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from channels.models import SyncRun
from channels.providers.base import ProviderError
from channels.providers.wecom.api import WeCom
from channels.providers.wecom.people import local_id, wecom_id
from channels.sync.kind import Page, Plan, Position, client, of_corp, since
from contacts.intake.groups import GroupFacts, MemberFacts, mark_dismissed, take_in_groups
from contacts.models import GroupChat

# Groups in one page, each a call of its own.
_CHUNK = 20
_OWNERS = 100
_TOO_MANY_PEOPLE = 81017
# WeCom's ways to say that there is no such group (any more).
_GONE = {86003, 86004, 90501}


class Groups:
    name = "groups"
    unit = "个群"
    hint = "把客户群和群成员取回来，客户详情里会显示客户在哪些群。"
    labels = {
        "groups": "客户群",
        "joined": "新入群",
        "left": "离群",
        "dismissed": "已解散",
    }

    def plan(self, run: SyncRun) -> Plan:
        chats = [[row["chat_id"], row.get("status", 0)] for row in _listed(client(run))]
        chunks = [chats[at : at + _CHUNK] for at in range(0, len(chats), _CHUNK)]
        return Plan(chunks, len(chats))

    def first(self, work: Any) -> Position | None:
        return {"chunk": 0} if work else None

    def read(self, run: SyncRun, at: Position) -> Page:
        asked_at = timezone.now().replace(microsecond=0)
        chunks, wecom = run.plan or [], client(run)
        found = [group_of(wecom, chat, asked_at, status) for chat, status in chunks[at["chunk"]]]
        following = {"chunk": at["chunk"] + 1} if at["chunk"] + 1 < len(chunks) else None
        done = sum(len(chunk) for chunk in chunks[: at["chunk"] + 1])
        return Page([group for group in found if group is not None], following, done, asked_at)

    def take(self, run: SyncRun, pages: list[Page]) -> Counter[str]:
        taken = take_in_groups([group for page in pages for group in page.rows])
        return Counter(groups=taken.groups, joined=taken.joined, left=taken.left)

    def absent(self, run: SyncRun) -> Iterator[Counter[str]]:
        """Asks for each group that the list did not hold; only WeCom's own no ends it."""
        rows = GroupChat.objects.filter(of_corp("chat_id", run.corp_id), as_of__lt=since(run))
        for chat in rows.exclude(state=GroupChat.State.DISMISSED):
            asked_at = timezone.now().replace(microsecond=0)
            group = group_of(client(run), wecom_id(chat.chat_id), asked_at)
            if group is None:
                yield Counter(dismissed=mark_dismissed(chat_ids=[chat.chat_id], at=asked_at))
            else:
                take_in_groups([group])
                yield Counter(groups=1)


def _listed(wecom: WeCom) -> list[dict[str, Any]]:
    """{chat_id, status} of all groups; owner by owner where WeCom wants it so."""
    try:
        return list(wecom.groups.rows())
    except ProviderError as error:
        if error.errcode != _TOO_MANY_PEOPLE:
            raise
    owners = wecom.customers.follow_users()
    found = {
        row["chat_id"]: row
        for at in range(0, len(owners), _OWNERS)
        for row in wecom.groups.rows(owners=owners[at : at + _OWNERS])
    }
    return list(found.values())


def group_of(
    wecom: WeCom, chat_id: str, asked_at: datetime.datetime, status: int = 0
) -> GroupFacts | None:
    """What WeCom says of a group now; None when there is no such group."""
    try:
        row = wecom.groups.one(chat_id)
    except ProviderError as error:
        if error.errcode in _GONE:
            return None
        raise
    corp = wecom.corp_id
    return GroupFacts(
        chat_id=local_id(corp, row["chat_id"]),
        name=row.get("name") or "",
        notice=row.get("notice") or "",
        owner_userid=local_id(corp, row.get("owner") or ""),
        # 1 the owner has left, 2 being handed over; 3 is handed over: a group as any other.
        owner_left=status in {1, 2},
        created_at=_time(row.get("create_time")),
        member_version=row.get("member_version") or "",
        members=tuple(_member(corp, member) for member in row.get("member_list") or []),
        as_of=asked_at,
    )


def _member(corp: str, row: dict[str, Any]) -> MemberFacts:
    return MemberFacts(
        member_id=local_id(corp, row["userid"]),
        employee=row.get("type") == 1,
        name=row.get("name") or row.get("group_nickname") or "",
        joined_at=_time(row.get("join_time")),
        join_scene=int(row.get("join_scene") or 0),
        inviter=local_id(corp, (row.get("invitor") or {}).get("userid") or ""),
        channel_state=row.get("state") or "",
    )


def _time(seconds: object) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(int(str(seconds or 0)), tz=datetime.UTC)


GROUPS = Groups()
