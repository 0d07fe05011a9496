"""What a code should be at WeCom at one moment: its members on shift and under their limits."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from channels.codes.facts import Counts, added_today
from channels.codes.shifts import Rota, Shift
from channels.models import Code, ContactWay, ContactWayMember, GroupCode
from channels.models.codes import Payload
from channels.providers.wecom.people import wecom_id

# WeCom's limit for one code.
MOST_MEMBERS = 100


def with_people(rows: "QuerySet[ContactWay]") -> "QuerySet[ContactWay]":
    """Everything that the roster reads, whatever the number of codes."""
    return rows.prefetch_related("members__user", "shifts__members")


def wall_time(at: datetime.datetime) -> datetime.datetime:
    return timezone.localtime(at).replace(tzinfo=None)


def rota(way: ContactWay) -> Rota:
    """Shifts of user ids."""
    shifts = tuple(
        Shift(
            frozenset(shift.weekdays),
            shift.starts,
            shift.ends,
            frozenset(member.user_id for member in shift.members.all()),
        )
        for shift in way.shifts.all()
    )
    return Rota(frozenset(member.user_id for member in way.members.all()), shifts)


def cap_of(way: ContactWay, member: ContactWayMember) -> int | None:
    return way.daily_cap if member.daily_cap is None else member.daily_cap


def is_full(way: ContactWay, member: ContactWayMember, counts: Counts) -> bool:
    cap = cap_of(way, member)
    return cap is not None and counts.get((way.channel_state, member.user_id), 0) >= cap


def receivers(way: ContactWay, counts: Counts, at: datetime.datetime) -> list[ContactWayMember]:
    """Who gets the next customer: on shift and under the limit, else the fallback, else anybody
    who is still with the bank. Empty only when nobody is: a code is never emptied at WeCom."""
    able = [m for m in way.members.all() if m.user.is_active and m.user.wecom_userid]
    fallback = [member for member in able if member.fallback]
    if way.state == Code.State.PAUSED:
        return fallback or able
    on = rota(way).on_at(wall_time(at))
    free = [m for m in able if m.user_id in on and not is_full(way, m, counts)]
    return (free or fallback or able)[:MOST_MEMBERS]


def wanted(way: ContactWay, counts: Counts, at: datetime.datetime) -> Payload | None:
    """What WeCom should have of the code now; None for nothing."""
    if way.state == Code.State.DELETED:
        return None
    people = sorted(
        wecom_id(str(member.user.wecom_userid)) for member in receivers(way, counts, at)
    )
    if not people and way.wanted:
        people = way.wanted["user"]
    return {
        "remark": way.name,
        "state": way.channel_state,
        "skip_verify": way.skip_verify,
        "user": people,
        "party": [],
    }


def wanted_group(code: GroupCode) -> Payload | None:
    if code.state == Code.State.DELETED:
        return None
    return {
        "scene": 2,
        "remark": code.name,
        "state": code.channel_state,
        "chat_id_list": [wecom_id(chat_id) for chat_id in code.chat_ids],
        "auto_create_room": int(code.auto_create_room),
        "room_base_name": code.room_base_name,
        "room_base_id": code.room_base_id,
    }


def want(code: Any, payload: Payload | None, at: datetime.datetime) -> bool:
    """Sets what is wanted; True when that is new, and so to be pushed."""
    if payload == code.wanted:
        return False
    code.wanted, code.push_attempts = payload, 0
    # A code that WeCom has lost waits for a person: a new one would need a new poster.
    if code.push_state != Code.Push.GONE:
        code.push_state, code.push_at = Code.Push.WAITING, at
    return True


WANT_FIELDS = ["wanted", "push_attempts", "push_state", "push_at"]


def refresh(ways: Iterable[ContactWay], at: datetime.datetime) -> list[ContactWay]:
    """Recomputes locked codes and stores what changed."""
    rows = list(ways)
    counts = added_today([way.channel_state for way in rows], at)
    changed = [way for way in rows if want(way, wanted(way, counts, at), at)]
    ContactWay.objects.bulk_update(changed, WANT_FIELDS)
    return changed
