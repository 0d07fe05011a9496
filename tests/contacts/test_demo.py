"""The demo bank is the same for the same seed, and is never made where real customers may be."""

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from contacts.demo import load, names, registry
from contacts.demo.world import wecom_world
from contacts.models import Consent, Customer, CustomerEvent, Holding, Segment, Task, Transaction
from contacts.segments import check
from contacts.selectors import segment_count
from contacts.services import duties_find
from scrm.accounts.demo import LOGINS
from scrm.accounts.models import User
from scrm.core import crypto
from scrm.core.actors import SYSTEM

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _only_the_bank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "SEEDERS", [])


def make(seed: int = 3, **more: Any) -> None:
    load.make_bank(**{"customers": 300, "managers": 14, "seed": seed} | more)


def picture() -> list[Any]:
    """Everything that was made, without keys of the database and nonces of the cipher."""
    customers = Customer.objects.order_by("id").values_list(
        "number", "name", "phone", "id_number", "aum", "tier", "owner__username", "last_contact_at"
    )
    return [
        list(customers),
        list(
            Holding.objects.order_by("id").values_list(
                "customer_id", "product__code", "amount", "matures_on"
            )
        ),
        list(
            Transaction.objects.order_by("id").values_list(
                "customer_id", "kind", "amount", "occurred_at"
            )
        ),
        list(
            CustomerEvent.objects.order_by("id").values_list("customer_id", "kind", "occurred_at")
        ),
        sorted(Task.objects.values_list("customer__number", "reason", "priority")),
    ]


@pytest.fixture
def _still() -> Iterator[None]:
    """The bank counts its days from today: midnight must not pass between two of them."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.mark.usefixtures("_still")
def test_same_seed_same_bank() -> None:
    make()
    # Keys start at one only in a bank that replaced another.
    make(replace=True)
    first, world = picture(), wecom_world()
    make(replace=True)
    assert picture() == first
    assert wecom_world() == world
    make(seed=4, replace=True)
    assert picture() != first


def test_refuses_a_bank_that_has_customers() -> None:
    make(customers=20)
    with pytest.raises(CommandError, match="--replace"):
        call_command("demo_data", customers=20)
    assert Customer.objects.count() == 20


def test_refuses_outside_the_demo_setting(settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="演示环境"):
        call_command("demo_data", replace=True)
    assert not User.objects.exists()


def test_the_demo_people_are_in_their_places() -> None:
    make()
    people = {user.username: user for user in User.objects.select_related("branch", "manager")}
    assert {login.username for login in LOGINS} <= set(people)
    assert all(people[login.username].check_password(login.password) for login in LOGINS)
    assert people["rm"].wecom_userid == "rm001"
    assert people["rm"].manager == people["admin"]
    assert people["hq"].branch.parent_id is None
    assert not people["rm002"].has_usable_password()
    for user in people.values():
        if user.role == "rm":
            assert user.branch.path.startswith(user.manager.branch.path)


def test_the_demo_manager_has_a_rich_day() -> None:
    make()
    rm = User.objects.get(username="rm")
    assert Customer.objects.filter(owner=rm).count() >= 60
    due = Counter(Task.objects.filter(owner=rm).due().values_list("kind", flat=True))
    assert due.total() >= 10
    assert {"maturity", "flow", "birthday", "churn", "risk"} <= set(due)


def test_personal_data_is_encrypted_and_well_formed() -> None:
    make()
    for row in Customer.objects.all()[:50]:
        assert row.phone_index == crypto.phone_index(row.phone)
        total = sum(
            int(digit) * weight
            for digit, weight in zip(row.id_number, names._WEIGHTS, strict=False)
        )
        assert names._CHECK[total % 11] == row.id_number[-1]
        assert row.birthday is not None
        assert row.id_number[6:14] == f"{row.birthday:%Y%m%d}"
    assert Customer.objects.values("phone_index").distinct().count() == 300


def test_shares_are_about_right() -> None:
    make(customers=2000)
    current = Consent.objects.filter(superseded_at=None, purpose="marketing")
    states = Counter(current.values_list("state", flat=True))
    assert 0.89 < states["granted"] / 2000 < 0.95
    assert 0.01 < states["withdrawn"] / 2000 < 0.04
    contacts = wecom_world()["contacts"]
    assert 0.8 < len(contacts) / 2000 < 0.9
    known = Counter(
        "unionid"
        if row["unionid"]
        else "phone"
        if row["follows"][0]["remark_mobiles"]
        else "stranger"
        for row in contacts
    )
    assert known["unionid"] > 0.4 * len(contacts)
    assert 0.01 < known["stranger"] / len(contacts) < 0.06
    assert wecom_world(10)["contacts"] == contacts[: len(wecom_world(10)["contacts"])]


def test_segments_are_valid_and_not_empty() -> None:
    make(customers=1500)
    hq = User.objects.get(username="hq")
    for segment in Segment.objects.all():
        check(segment.rule)
        assert segment_count(segment.rule, user=hq) > 0, segment.name


def test_upper_apps_seed_with_their_own_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[float] = []

    def seed_contents(random: Random) -> None:
        assert Customer.objects.exists()
        drawn.append(random.random())

    monkeypatch.setattr(registry, "SEEDERS", [])
    registry.seeder(seed_contents)
    registry.seeder(seed_contents)
    make(customers=20)
    make(customers=30, replace=True)
    assert len(drawn) == 2
    assert drawn[0] == drawn[1]


def test_duties_are_found_once_and_kept_up_to_date() -> None:
    make()
    count = Task.objects.count()
    assert duties_find(actor=SYSTEM) == 0
    maturing = Task.objects.filter(kind="maturity", reason__contains="明天").first()
    assert maturing is not None
    tomorrow = timezone.localdate() + timezone.timedelta(days=1)
    duties_find(on=tomorrow, actor=SYSTEM)
    maturing.refresh_from_db()
    assert "今天到期" in maturing.reason
    assert Task.objects.count() >= count
