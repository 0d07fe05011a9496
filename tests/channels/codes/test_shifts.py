"""Shift arithmetic against a minute-by-minute reading of the same words."""

import datetime
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.codes.shifts import DAY, Rota, Shift

MINUTE = datetime.timedelta(minutes=1)
MONDAY = datetime.datetime(2026, 11, 23)
times = st.times().map(lambda time: time.replace(second=0, microsecond=0))
moments = st.integers(0, 60 * 24 * 21).map(lambda minutes: MONDAY + minutes * MINUTE)
shifts = st.builds(
    Shift,
    st.frozensets(st.integers(0, 6), min_size=1),
    times,
    times,
    st.frozensets(st.integers(1, 4), min_size=1),
)
rotas = st.builds(Rota, st.just(frozenset({1, 2, 3, 4})), st.lists(shifts, max_size=4).map(tuple))


def begun_at(shift: Shift, day: datetime.date) -> tuple[datetime.datetime, datetime.datetime]:
    """When the shift that begins on that day begins and ends, said the long way."""
    begin = datetime.datetime.combine(day, shift.starts)
    end = datetime.datetime.combine(day, shift.ends)
    return begin, end if shift.ends > shift.starts else end + DAY


@given(shifts, moments)
def test_a_shift_covers_what_lies_between_its_begin_and_end(shift: Shift, at: datetime.datetime):
    days = [at.date() - DAY, at.date()]
    spans = [begun_at(shift, day) for day in days if day.weekday() in shift.weekdays]
    assert shift.covers(at) == any(begin <= at < end for begin, end in spans)


@given(rotas, moments)
def test_stretches_tell_the_same_as_looking_at_each_minute(rota: Rota, start: datetime.datetime):
    stretches = rota.stretches(start)
    assert stretches[0].start == start and stretches[-1].end == start + DAY
    for before, after in itertools.pairwise(stretches):
        assert before.end == after.start
        assert before.members != after.members
    for minutes in range(0, 24 * 60, 7):
        at = start + minutes * MINUTE
        (found,) = [row for row in stretches if row.start <= at < row.end]
        assert found.members == rota.on_at(at)


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("2026-11-27 17:59", False),  # Friday, a minute before
        ("2026-11-27 18:00", True),
        ("2026-11-28 00:00", True),  # Saturday, still Friday's night
        ("2026-11-28 08:59", True),
        ("2026-11-28 09:00", False),
        ("2026-11-28 18:00", False),  # Saturday's night is nobody's
        ("2026-11-23 03:00", False),  # Monday before dawn belongs to Sunday
    ],
)
def test_a_friday_night_ends_on_saturday_morning(text: str, on: bool) -> None:
    night = Shift(frozenset({4}), datetime.time(18), datetime.time(9), frozenset({1}))
    assert night.covers(datetime.datetime.fromisoformat(text)) is on


def test_the_same_start_and_end_is_a_whole_day() -> None:
    day = Shift(frozenset({0}), datetime.time(8), datetime.time(8), frozenset({1}))
    rota = Rota(frozenset({1}), (day,))
    assert [row.members for row in rota.stretches(MONDAY, DAY * 2)] == [set(), {1}, set()]


def test_without_shifts_everybody_is_always_on() -> None:
    rota = Rota(frozenset({1, 2}))
    assert [row.members for row in rota.stretches(MONDAY)] == [{1, 2}]


def test_whoever_left_the_code_is_not_on_through_an_old_shift() -> None:
    day = Shift(frozenset(range(7)), datetime.time(0), datetime.time(0), frozenset({1, 9}))
    assert Rota(frozenset({1}), (day,)).on_at(MONDAY) == {1}
