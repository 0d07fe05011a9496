"""Who is on when: pure arithmetic on the bank's wall clock, without a database."""

import datetime
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shift:
    """Begins on the weekdays (0 = Monday); an end not after the start lies on the next day."""

    weekdays: frozenset[int]
    starts: datetime.time
    ends: datetime.time
    members: frozenset[int]

    def covers(self, at: datetime.datetime) -> bool:
        """`at` is wall time without a zone. The start belongs to the shift, the end does not."""
        today, before, time = at.weekday(), (at - DAY).weekday(), at.time()
        if self.starts < self.ends:
            return today in self.weekdays and self.starts <= time < self.ends
        evening = today in self.weekdays and time >= self.starts
        return evening or (before in self.weekdays and time < self.ends)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` to `end` the same people are on; nobody means that the fallback receives."""

    start: datetime.datetime
    end: datetime.datetime
    members: frozenset[int]


@dataclass(frozen=True, slots=True)
class Rota:
    members: frozenset[int]
    shifts: tuple[Shift, ...] = ()

    def on_at(self, at: datetime.datetime) -> frozenset[int]:
        """Members on shift; everybody when the code has no shifts."""
        if not self.shifts:
            return self.members
        found = (shift.members for shift in self.shifts if shift.covers(at))
        return frozenset[int]().union(*found) & self.members

    def stretches(
        self, start: datetime.datetime, length: datetime.timedelta = DAY
    ) -> list[Stretch]:
        """The time from `start` on, cut where the people change."""
        found: list[Stretch] = []
        edges = [start, *self._edges(start, start + length), start + length]
        for begin, end in itertools.pairwise(edges):
            members = self.on_at(begin)
            if found and found[-1].members == members:
                begin = found.pop().start  # noqa: PLW2901 - the stretch grows
            found.append(Stretch(begin, end, members))
        return found

    def _edges(
        self, after: datetime.datetime, before: datetime.datetime
    ) -> Iterator[datetime.datetime]:
        times = {time for shift in self.shifts for time in (shift.starts, shift.ends)}
        days = ((before - after) // DAY) + 2
        edges = (
            datetime.datetime.combine(after.date() + DAY * day, time)
            for day in range(days)
            for time in times
        )
        return iter(sorted(edge for edge in edges if after < edge < before))
