"""Who is wanted at WeCom: shifts, limits, the fallback, the bank's midnight."""

import datetime
from zoneinfo import ZoneInfo

import pytest

from channels.codes import arrivals
from channels.models import ContactWay
from contacts.models import Follow
from tests.factories import codes
from tests.factories.cast import Cast

CHINA = ZoneInfo("Asia/Shanghai")
# Tuesday
NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=CHINA)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch):
    """Sets the time that the product reads."""

    def move(at: datetime.datetime) -> None:
        monkeypatch.setattr("django.utils.timezone.now", lambda: at.astimezone(datetime.UTC))

    move(NOON)
    return move


def wanted(way: ContactWay) -> list[str]:
    arrivals.refresh_all()
    way.refresh_from_db()
    return list(way.wanted["user"])


def test_people_change_with_the_hours(cast: Cast, clock) -> None:
    way = codes.way(
        cast,
        members=codes.members(cast.alice, cast.amy),
        shifts=(
            codes.shift(cast.alice, days=(0, 1, 2, 3, 4), at="09:00-18:00"),
            codes.shift(cast.amy, days=(1,), at="18:00-02:00"),
        ),
    )
    assert wanted(way) == ["alice"]
    clock(NOON.replace(hour=18))
    assert wanted(way) == ["amy"]
    # Two in the morning in China, still Tuesday evening in UTC.
    clock(NOON.replace(day=25, hour=1, minute=59))
    assert wanted(way) == ["amy"]
    clock(NOON.replace(day=25, hour=9))
    assert wanted(way) == ["alice"]


def test_nobody_on_shift_leaves_the_fallback(cast: Cast, clock) -> None:
    way = codes.way(
        cast,
        members=codes.members(cast.alice, fallback=cast.amy),
        shifts=(codes.shift(cast.alice, at="13:00-14:00"),),
    )
    assert wanted(way) == ["amy"]


def test_a_full_member_leaves_and_comes_back_at_midnight(cast: Cast, clock) -> None:
    way = codes.way(cast, members=codes.members(cast.alice, cast.amy, cap=2))
    assert wanted(way) == ["alice", "amy"]
    codes.came(way, cast.alice, "wm1", NOON)
    assert wanted(way) == ["alice", "amy"]
    # Also one who has left again: the manager had the work.
    codes.came(way, cast.alice, "wm2", NOON, Follow.State.DELETED_BY_CUSTOMER)
    assert wanted(way) == ["amy"]
    clock(NOON.replace(hour=23, minute=59, second=59))
    assert wanted(way) == ["amy"]
    clock(NOON.replace(day=25, hour=0))
    assert wanted(way) == ["alice", "amy"]


def test_yesterday_and_other_codes_do_not_count(cast: Cast, clock) -> None:
    way, other = codes.way(cast, daily_cap=1), codes.way(cast)
    codes.came(way, cast.alice, "wm1", NOON.replace(hour=0) - datetime.timedelta(seconds=1))
    codes.came(other, cast.alice, "wm2", NOON)
    assert wanted(way) == ["alice", "amy"]


def test_when_everybody_is_full_the_fallback_stays(cast: Cast, clock) -> None:
    way = codes.way(cast, daily_cap=1)
    codes.came(way, cast.alice, "wm1", NOON)
    codes.came(way, cast.amy, "wm2", NOON)
    assert wanted(way) == ["amy"]


def test_a_members_own_limit_goes_before_the_codes(cast: Cast, clock) -> None:
    people = codes.members(cast.alice, cast.amy, cap=2)
    way = codes.way(cast, daily_cap=1, members=people)
    codes.came(way, cast.alice, "wm1", NOON)
    codes.came(way, cast.amy, "wm2", NOON)
    assert wanted(way) == ["alice"]


def test_who_left_the_bank_receives_nobody(cast: Cast, clock) -> None:
    way = codes.way(cast, members=codes.members(cast.alice, fallback=cast.amy))
    cast.amy.is_active = False
    cast.amy.save()
    assert wanted(way) == ["alice"]
    cast.alice.is_active = False
    cast.alice.save()
    # Never an empty code: WeCom keeps the last people until somebody names new ones.
    assert wanted(way) == ["alice"]


def test_the_look_of_a_minute_costs_the_same_for_many_codes(
    cast: Cast, clock, django_assert_max_num_queries
) -> None:
    for _ in range(30):
        codes.way(cast, shifts=(codes.shift(cast.alice),), daily_cap=3)
    with django_assert_max_num_queries(12):
        arrivals.refresh_all()
