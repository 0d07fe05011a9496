"""People and shifts of a code as the page edits them: read from the form, changed, put back.

The page holds the whole state; each press of a button posts it and gets it back changed, so that
no script has to know the rules.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from channels.codes import selectors
from channels.codes.drafts import MemberDraft, ShiftDraft, employable, refuse
from channels.codes.roster import MOST_MEMBERS
from channels.codes.shifts import Rota, Shift
from channels.models import ContactWay, FoundWay
from scrm.accounts.models import Branch, User
from scrm.core.errors import BusinessError

WEEKDAYS = tuple(enumerate("一二三四五六日"))
_WORKDAYS = {0, 1, 2, 3, 4}
_FOUND = 6
_LONG = 12


@dataclass(slots=True)
class MemberRow:
    user: User
    cap: str = ""
    fallback: bool = False


@dataclass(slots=True)
class ShiftRow:
    key: int
    days: set[int]
    starts: str
    ends: str
    staff: set[int]


@dataclass(slots=True)
class Editing:
    members: list[MemberRow] = field(default_factory=list)
    shifts: list[ShiftRow] = field(default_factory=list)

    @classmethod
    def of(cls, way: ContactWay) -> "Editing":
        members = [
            MemberRow(row.user, "" if row.daily_cap is None else str(row.daily_cap), row.fallback)
            for row in way.members.select_related("user__branch")
        ]
        shifts = [
            ShiftRow(
                key,
                set(row.weekdays),
                f"{row.starts:%H:%M}",
                f"{row.ends:%H:%M}",
                set(row.members.values_list("user_id", flat=True)),
            )
            for key, row in enumerate(way.shifts.all(), 1)
        ]
        return cls(members, shifts)

    @classmethod
    def of_found(cls, found: FoundWay, actor: User) -> "Editing":
        """The people whom WeCom names for a code that is to be adopted, as far as we know them."""
        people = employable(actor).filter(wecom_userid__in=found.userids)
        editing = cls([MemberRow(user) for user in people[:MOST_MEMBERS]])
        editing._keep_a_fallback()
        return editing

    @classmethod
    def posted(cls, post: QueryDict, actor: User, way: ContactWay | None) -> "Editing":
        people = employable(actor, way).in_bulk(_ints(post.getlist("member")))
        fallback = set(_ints(post.getlist("fallback")))
        members = [
            MemberRow(people[pk], post.get(f"cap-{pk}", "").strip(), pk in fallback)
            for pk in dict.fromkeys(_ints(post.getlist("member")))
            if pk in people
        ]
        shifts = [_posted_shift(post, key) for key in _ints(post.getlist("shift"))]
        return cls(members, shifts)

    def change(self, act: str, actor: User, way: ContactWay | None) -> None:
        """One press: "add:5", "branch:3", "drop:5", "shift", "unshift:2"; others change nothing."""
        verb, _, text = act.partition(":")
        number = next(iter(_ints([text])), 0)
        if verb == "add":
            self._add(employable(actor, way).filter(pk=number))
        elif verb == "branch":
            branch = Branch.objects.visible_to(actor).filter(pk=number).first()
            path = branch.path if branch else "-"
            self._add(employable(actor, way).filter(branch__path__startswith=path))
        elif verb == "drop":
            self.members = [row for row in self.members if row.user.pk != number]
            self._keep_a_fallback()
        elif verb == "shift":
            key = 1 + max((row.key for row in self.shifts), default=0)
            everybody = {row.user.pk for row in self.members}
            self.shifts.append(ShiftRow(key, set(_WORKDAYS), "09:00", "18:00", everybody))
        elif verb == "unshift":
            self.shifts = [row for row in self.shifts if row.key != number]

    def _add(self, people: Iterable[User]) -> None:
        known = {row.user.pk for row in self.members}
        room = MOST_MEMBERS - len(self.members)
        fresh = [user for user in people if user.pk not in known]
        self.members += [MemberRow(user) for user in fresh[: max(room, 0)]]
        self._keep_a_fallback()

    def _keep_a_fallback(self) -> None:
        if self.members and not any(row.fallback for row in self.members):
            self.members[0].fallback = True

    def drafts(self) -> dict[str, Any]:
        """{members, shifts} for WayDraft; raises BusinessError on what cannot be read."""
        members = tuple(MemberDraft(row.user.pk, _cap(row), row.fallback) for row in self.members)
        ids = {row.user.pk for row in self.members}
        shifts = tuple(_shift_draft(n, row, ids) for n, row in enumerate(self.shifts, 1))
        return {"members": members, "shifts": shifts}

    def spans(self) -> list[selectors.Span]:
        """Who would receive in the next 24 hours, as far as the shifts can be read."""
        names = {row.user.pk: row.user.name for row in self.members}
        fallback = [row.user.pk for row in self.members if row.fallback]
        readable = [_readable(row) for row in self.shifts]
        shifts = tuple(shift for shift in readable if shift is not None)
        if not names or (self.shifts and not shifts):
            return []
        return selectors.spans(Rota(frozenset(names), shifts), names, fallback, timezone.now())


def _ints(values: Iterable[str]) -> list[int]:
    """Those that can be ids; a form may hold anything."""
    return [int(value) for value in values if value.isdecimal() and len(value) < _LONG]


def _posted_shift(post: QueryDict, key: int) -> ShiftRow:
    return ShiftRow(
        key,
        set(_ints(post.getlist(f"days-{key}"))) & set(range(7)),
        post.get(f"starts-{key}", ""),
        post.get(f"ends-{key}", ""),
        set(_ints(post.getlist(f"staff-{key}"))),
    )


def _cap(row: MemberRow) -> int | None:
    readable = row.cap.isdecimal() and len(row.cap) < _LONG
    refuse(row.cap and not readable, f"{row.user.name}的每日上限要填整数，不限请留空。")
    return int(row.cap) if row.cap else None


def _time(text: str) -> datetime.time | None:
    try:
        return datetime.time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        return None


def _readable(row: ShiftRow) -> Shift | None:
    starts, ends = _time(row.starts), _time(row.ends)
    if starts is None or ends is None:
        return None
    return Shift(frozenset(row.days), starts, ends, frozenset(row.staff))


def _shift_draft(number: int, row: ShiftRow, ids: set[int]) -> ShiftDraft:
    starts, ends = _time(row.starts), _time(row.ends)
    if starts is None or ends is None:
        raise BusinessError(f"第 {number} 个班次的起止时间没有填对，例如 09:00。")
    # Somebody taken off the list above is taken off the shifts as well.
    staff = tuple(sorted(row.staff & ids))
    return ShiftDraft(tuple(sorted(row.days)), starts, ends, staff)


@dataclass(frozen=True, slots=True)
class Offer:
    """Somebody to add, or everybody of a branch."""

    act: str
    title: str
    detail: str


def offers(words: str, actor: User, way: ContactWay | None, taken: set[int]) -> list[Offer]:
    """Managers and branches whose name holds the words."""
    words = words.strip()
    if not words:
        return []
    people = employable(actor, way).filter(name__icontains=words).exclude(pk__in=taken)
    branches = Branch.objects.visible_to(actor).filter(name__icontains=words)
    return [
        *(Offer(f"add:{user.pk}", user.name, user.branch.name) for user in people[:_FOUND]),
        *(Offer(f"branch:{row.pk}", row.name, "全部客户经理") for row in branches[:_FOUND]),
    ]
