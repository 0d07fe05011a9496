"""The SQL evaluator and the one-customer evaluator say the same of every rule and customer."""

import datetime
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.models import ContactWay
from contacts.demo.load import make_bank
from contacts.models import Customer, CustomerTag, ExternalContact, Follow, Tag
from contacts.segments import REGISTRY, Moment, check, facts_of, holds, rule_q
from scrm.accounts.models import Branch, Role, User
from scrm.core.conditions import Attribute

pytestmark = pytest.mark.django_db


@st.composite
def typed(draw: Any, kind: str, options: Any, ids: list[int], top: int) -> Any:
    if kind in {"number", "count"}:
        near = st.integers(0, min(top, 60)) | st.integers(0, min(top, 2_000_000))
        return draw(near if kind == "count" else near | st.floats(-100, 1e6, allow_nan=False))
    if kind == "days":
        return draw(st.integers(1, min(top, 420)))
    if kind == "flag":
        return draw(st.booleans())
    if kind == "choice":
        return draw(st.sampled_from([value for value, _ in options]))
    pool = ids if kind == "ids" else [value for value, _ in options]
    return draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3, unique=True))


@st.composite
def leaf(draw: Any, ids: dict[str, list[int]]) -> dict[str, Any]:
    attribute: Attribute = draw(st.sampled_from(list(REGISTRY.values())))
    op = draw(st.sampled_from(list(attribute.operators)))
    pool = ids.get(attribute.lookup, [])
    value = typed(
        attribute.operators[op], attribute.options, pool, int(min(attribute.maximum, 1e9))
    )
    rule = {"attr": attribute.name, "op": op}
    rule["value"] = sorted([draw(value), draw(value)]) if op == "between" else draw(value)
    for param in attribute.params:
        if param.required or draw(st.booleans()):
            rule[param.name] = draw(typed(param.type, param.options, [], 10**6))
    return rule


def rules(ids: dict[str, list[int]]) -> Any:
    return st.recursive(
        leaf(ids),
        lambda child: (
            st.lists(child, min_size=1, max_size=3).map(lambda parts: {"all": parts})
            | st.lists(child, min_size=1, max_size=3).map(lambda parts: {"any": parts})
            | child.map(lambda part: {"not": part})
        ),
        max_leaves=5,
    )


@pytest.fixture(autouse=True)
def _only_the_bank(monkeypatch: pytest.MonkeyPatch) -> None:
    """Upper apps' demo contents have nothing to do with rules."""
    monkeypatch.setattr("contacts.demo.load.run_seeders", lambda seed: None)


def _make_population() -> None:
    """A small demo bank, plus what it does not have: missing values, friends, expiring tags."""
    make_bank(customers=150, managers=4, seed=7)
    people = list(Customer.objects.order_by("pk"))
    now = timezone.now()
    for row in people[:12]:
        row.birthday = row.opened_on = row.risk_expires_on = row.last_contact_at = None
        row.save()
    people[13].birthday = datetime.date(2000, 2, 29)
    people[13].save()
    CustomerTag.objects.filter(customer__in=people[20:40]).update(
        expires_at=now - datetime.timedelta(days=1)
    )
    CustomerTag.objects.filter(customer__in=people[40:60]).update(
        expires_at=now + datetime.timedelta(days=1)
    )
    for row in people[60:120]:
        contact = ExternalContact.objects.create(
            external_userid=f"wm{row.pk}", name="x", customer=row
        )
        state = Follow.State.ACTIVE if row.pk % 3 else Follow.State.DELETED_BY_CUSTOMER
        came = ("lobby", "poster", "nobodys", "")[row.pk % 4]
        Follow.objects.create(
            user=row.owner,
            contact=contact,
            state=state,
            channel_state=came,
            added_at=now,
            as_of=now,
        )
    for name in ("lobby", "poster", "unused"):
        ContactWay.objects.create(
            name=name, channel_state=name, branch=people[0].branch, created_by=people[0].owner
        )


def test_sql_and_python_agree() -> None:
    _make_population()
    facts = facts_of(Customer.objects.select_related("branch"))
    ids = {
        "tag": list(Tag.objects.values_list("pk", flat=True)),
        "branch": list(Branch.objects.values_list("pk", flat=True)),
        "live_code": list(ContactWay.objects.values_list("pk", flat=True)),
        "owner": list(User.objects.filter(role=Role.RM).values_list("pk", flat=True)),
    }
    seen = {"some": 0, "none_or_all": 0}

    @settings(
        max_examples=250, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(rules(ids), st.sampled_from([0, 1, 31, 100]))
    def agree(rule: Any, days_on: int) -> None:
        check(rule)
        moment = Moment(timezone.now() + datetime.timedelta(days=days_on))
        by_sql = set(Customer.objects.filter(rule_q(rule, moment)).values_list("pk", flat=True))
        by_python = {item.customer.pk for item in facts if holds(rule, item, moment)}
        assert by_sql == by_python, rule
        seen["some" if 0 < len(by_sql) < len(facts) else "none_or_all"] += 1

    agree()
    # Agreement on empty and full sets alone would prove little.
    assert seen["some"] > 60, seen


def test_rule_q_never_multiplies_customers() -> None:
    _make_population()
    rule = {
        "any": [
            {"attr": "maturity", "op": "within", "value": 365},
            {"attr": "wecom_friend", "op": "is", "value": True},
        ]
    }
    found = list(
        Customer.objects.filter(rule_q(rule, Moment.current())).values_list("pk", flat=True)
    )
    assert len(found) == len(set(found)) > 0
