"""What the pages show of live codes."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from channels.codes import facts, roster
from channels.codes.facts import Tally
from channels.codes.shifts import Rota
from channels.models import Code, ContactWay, ContactWayMember, FoundWay, GroupCode, SyncRun
from contacts.models import GroupChat
from scrm.accounts.models import Branch, User
from scrm.core.access import RM

_STATES = (Code.State.ACTIVE, Code.State.PAUSED, Code.State.DELETED)
_SUGGESTED = ("网点大堂", "柜台", "户外海报", "地铁广告", "短信", "公众号", "手机银行", "沙龙活动")


def found(rows: Any, *, q: str, state: str) -> Any:
    """Codes whose name, channel or purpose holds the words; deleted ones only if asked for."""
    rows = rows.filter(state=state) if state in _STATES else rows.live()
    words = q.strip()
    if not words:
        return rows
    return rows.filter(
        Q(name__icontains=words) | Q(channel__icontains=words) | Q(purpose__icontains=words)
    )


def channel_suggestions(user: User) -> list[str]:
    """Channels that one's own codes have, and common ones."""
    rows = ContactWay.objects.visible_to(user).exclude(channel="").order_by("channel")
    used = rows.values_list("channel", flat=True).distinct()[:50]
    return list(dict.fromkeys([*used, *_SUGGESTED]))


@dataclass(frozen=True, slots=True)
class Card:
    way: ContactWay
    tally: Tally
    receivers: list[ContactWayMember]
    # Members who have had their customers of the day.
    full: int

    @property
    def stands_in(self) -> bool:
        """The fallback receives although shifts or limits would name others."""
        way = self.way
        on = roster.rota(way).on_at(roster.wall_time(timezone.now()))
        return bool(self.receivers) and not any(row.user_id in on for row in self.receivers)


def cards(ways: Iterable[ContactWay], at: datetime.datetime) -> list[Card]:
    """Two queries beside the codes themselves (which must come `with_people`)."""
    rows = list(ways)
    known = [way.channel_state for way in rows]
    tallies, today = facts.tallies(known, at), facts.added_today(known, at)
    return [
        Card(
            way,
            tallies.get(way.channel_state, Tally()),
            roster.receivers(way, today, at),
            sum(roster.is_full(way, member, today) for member in way.members.all()),
        )
        for way in rows
    ]


@dataclass(frozen=True, slots=True)
class Span:
    """Who receives in a part of the next 24 hours, limits left aside."""

    start: datetime.datetime
    end: datetime.datetime
    names: list[str]
    is_fallback: bool
    is_tomorrow: bool
    is_now: bool


def spans(
    rota: Rota, names: Mapping[int, str], fallback: Iterable[int], at: datetime.datetime
) -> list[Span]:
    start = roster.wall_time(at).replace(second=0, microsecond=0)
    standing_in = [names[pk] for pk in fallback]
    return [
        Span(
            row.start,
            row.end,
            [names[pk] for pk in sorted(row.members)] or standing_in,
            not row.members,
            row.start.date() > start.date(),
            row.start == start,
        )
        for row in rota.stretches(start)
    ]


def spans_of(way: ContactWay, at: datetime.datetime) -> list[Span]:
    members = list(way.members.all())
    names = {member.user_id: member.user.name for member in members}
    fallback = [member.user_id for member in members if member.fallback]
    if way.state == Code.State.PAUSED:
        return spans(Rota(frozenset(fallback)), names, fallback, at)
    return spans(roster.rota(way), names, fallback, at)


@dataclass(frozen=True, slots=True)
class Share:
    user: User
    tally: Tally
    member: ContactWayMember | None
    cap: int | None
    full: bool


def shares(way: ContactWay, viewer: User, at: datetime.datetime) -> list[Share]:
    """What each member got, former members included; a manager sees their own line."""
    tallies = facts.by_member(way.channel_state, at)
    members = {member.user_id: member for member in way.members.all()}
    people = User.objects.filter(pk__in={*tallies, *members}).select_related("branch")
    if viewer.role == RM:
        people = people.filter(pk=viewer.pk)
    found = [_share(way, user, tallies.get(user.pk, Tally()), members) for user in people]
    return sorted(found, key=lambda row: (row.member is None, -row.tally.total))


def _share(
    way: ContactWay, user: User, tally: Tally, members: Mapping[int, ContactWayMember]
) -> Share:
    member = members.get(user.pk)
    cap = roster.cap_of(way, member) if member else None
    return Share(user, tally, member, cap, cap is not None and tally.today >= cap)


def daily_chart(way: ContactWay, at: datetime.datetime) -> dict[str, Any]:
    """Stacked columns of the last 30 days: still there, and lost."""
    rows = facts.by_day(way.channel_state, at)
    series = [("仍是好友", [kept for _, _, kept in rows], "#2fb344")]
    series.append(("已流失", [total - kept for _, total, kept in rows], "#d63939"))
    return {
        "textStyle": {"fontFamily": "inherit"},
        "grid": {"left": 8, "right": 8, "top": 32, "bottom": 8, "containLabel": True},
        "legend": {"top": 0, "right": 0},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": [f"{day:%m-%d}" for day, _, _ in rows]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {"name": name, "type": "bar", "stack": "all", "data": data, "color": colour}
            for name, data, colour in series
        ],
    }


@dataclass(frozen=True, slots=True)
class GroupCard:
    code: GroupCode
    tally: Tally
    chats: list[str]


def group_cards(codes: Iterable[GroupCode]) -> list[GroupCard]:
    rows = list(codes)
    tallies = facts.group_tallies([row.channel_state for row in rows], timezone.now())
    ids = {chat_id for row in rows for chat_id in row.chat_ids}
    chats = {chat.chat_id: str(chat) for chat in GroupChat.objects.filter(chat_id__in=ids)}
    return [
        GroupCard(
            row,
            tallies.get(row.channel_state, Tally()),
            [chats.get(one, "未同步的群") for one in row.chat_ids],
        )
        for row in rows
    ]


def adoptable() -> QuerySet[FoundWay]:
    """Read, and not one whose making is still being looked up."""
    ours = ContactWay.objects.filter(channel_state=OuterRef("channel_state"), config_id="")
    return FoundWay.objects.filter(~Exists(ours)).exclude(read_at=None)


def with_names(page: "Page[FoundWay]") -> "Page[FoundWay]":
    """The page's rows with `.people` (names that we know) and `.strangers` (how many we do not)."""
    userids = {userid for row in page for userid in row.userids}
    known = User.objects.filter(wecom_userid__in=userids).values_list("wecom_userid", "name")
    names = dict(known)
    for row in page:
        row.people = [names[one] for one in row.userids if one in names]  # type: ignore[attr-defined]
        row.strangers = len(row.userids) - len(row.people)  # type: ignore[attr-defined]
    return page


def last_check() -> datetime.datetime | None:
    done = SyncRun.objects.filter(kind=SyncRun.Kind.CONTACT_WAYS, state=SyncRun.State.DONE)
    return done.values_list("finished_at", flat=True).first()


def bank_name() -> str:
    head = Branch.objects.filter(parent=None).first()
    return head.name.removesuffix("总行") if head else ""
