"""Who a customer is: wealth, life cycle, risk level, and what brings them up today."""

import datetime
from math import exp
from typing import TypeVar

from contacts.demo import names
from contacts.demo.plan import NULL, Batch, Person
from scrm.core import crypto

T = TypeVar("T")
# The demo login's first customers; the rest of the bank meets the same situations by chance.
_SCRIPTED = (
    "maturity", "flow_in", "birthday", "maturity", "churn", "risk", "flow_out", "maturity",
    "birthday", "flow_in", "risk", "churn", "maturity",
)  # fmt: skip
_BY_CHANCE = (
    (0.020, "maturity"), (0.035, "flow_in"), (0.045, "flow_out"), (0.053, "birthday"),
    (0.070, "churn"), (0.085, "risk"),
)  # fmt: skip
_TIERS = ((6_000_000, "private"), (2_000_000, "diamond"), (500_000, "platinum"), (50_000, "gold"))
_STAGES = ((0.12, "blank"), (0.20, "new"), (0.75, "active"), (0.94, "dormant"), (1.0, "churning"))
_LEVELS = ((0.10, 1), (0.40, 2), (0.75, 3), (0.93, 4), (1.0, 5))


def make_person(batch: Batch, index: int) -> Person:
    situation = _situation(batch, index)
    stage = "churning" if situation == "churn" else _draw(batch, _STAGES)
    if situation in {"maturity", "flow_in", "flow_out", "risk"}:
        stage = "active"
    aum = _wealth(batch, stage, situation, index)
    name, gender = names.person(batch.random)
    level, expires = _risk(batch, situation)
    return Person(
        id=index + 1,
        number=f"6{index + 1:09d}",
        name=name,
        gender=gender,
        situation=situation,
        manager=_manager(batch, index),
        birthday=_birthday(batch, situation),
        opened_on=_opened(batch, stage),
        aum=aum,
        tier=next((tier for least, tier in _TIERS if aum >= least), "mass"),
        stage=stage,
        risk_level=level,
        risk_expires_on=expires,
    )


def write_person(batch: Batch, person: Person) -> None:
    index = person.id - 1
    phone = names.phone(index, batch.random)
    id_number = names.id_number(person.birthday, person.gender, batch.random)
    has_unionid = batch.random.random() < 0.9
    opened = person.opened_on
    batch.add(
        "customer",
        f"{person.id}\t{person.number}\t{person.name}\t{person.gender}\t{person.birthday}\t{person.tier}\t"
        f"{person.stage}\t{person.risk_level}\t{person.risk_expires_on or NULL}\t{person.aum:.2f}\t"
        f"{person.manager[0]}\t{person.manager[1]}\t"
        f"{crypto.encrypt(phone, 'contacts_customer.phone')}\t"
        f"{crypto.phone_index(phone)}\t{crypto.encrypt(id_number, 'contacts_customer.id_number')}\t"
        f"{names.unionid(person.number) if has_unionid else NULL}\t{opened}\t"
        f"{person.last_contact_at or NULL}\t{opened} 10:00:00+08\n",
    )


def _situation(batch: Batch, index: int) -> str:
    chance = batch.random.random()
    if index < batch.plan.first_share:
        return _SCRIPTED[index] if index < len(_SCRIPTED) else ""
    return next((name for limit, name in _BY_CHANCE if chance < limit), "")


def _draw(batch: Batch, table: tuple[tuple[float, T], ...]) -> T:
    chance = batch.random.random()
    return next(value for limit, value in table if chance <= limit)


def _wealth(batch: Batch, stage: str, situation: str, index: int) -> float:
    """Log-normal: a median of two ten-thousands and a tail up to tens of millions."""
    aum = 20_000 * exp(1.8 * batch.random.gauss(0.0, 1.0))
    if stage == "blank":
        return round(min(aum, 30_000) / 100, 2)
    if index < batch.plan.first_share:
        aum *= 4
    if situation:
        aum = max(aum, 80_000 + 400_000 * batch.random.random())
    return round(min(aum, 80_000_000), 2)


def _manager(batch: Batch, index: int) -> tuple[int, int]:
    plan = batch.plan
    if index < plan.first_share or len(plan.managers) == 1:
        return plan.managers[0]
    return plan.managers[1 + batch.below(len(plan.managers) - 1)]


def _birthday(batch: Batch, situation: str) -> datetime.date:
    today = batch.plan.today
    years = 20 + int(62 * batch.random.random() ** 1.3)
    if situation == "birthday":
        soon = today + datetime.timedelta(days=batch.below(3))
        return datetime.date(today.year - years, soon.month, min(soon.day, 28))
    return datetime.date(today.year - years, 1 + batch.below(12), 1 + batch.below(28))


def _risk(batch: Batch, situation: str) -> tuple[int, datetime.date | None]:
    chance, today = batch.random.random(), batch.plan.today
    if situation == "risk":
        return 3, today - datetime.timedelta(days=1 + batch.below(20))
    if chance < 0.08:
        return 0, None
    days = -batch.below(300) - 40 if chance < 0.18 else 5 + batch.below(360)
    return _draw(batch, _LEVELS), today + datetime.timedelta(days=days)


def _opened(batch: Batch, stage: str) -> datetime.date:
    days = batch.below(120) if stage == "new" else 200 + batch.below(3600)
    return batch.plan.today - datetime.timedelta(days=days)
