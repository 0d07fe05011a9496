"""Makes the bank: small tables by the ORM, everything per customer streamed by COPY."""

import datetime
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from random import Random

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from contacts.demo import catalogue, habits, money, people, staff, store
from contacts.demo.plan import CHUNK, Batch, Plan, shelf_of
from contacts.demo.registry import run_seeders
from contacts.models import Customer
from contacts.services import duties_find
from scrm.core.actors import SYSTEM
from scrm.core.errors import BusinessError


@dataclass(frozen=True, slots=True)
class Made:
    customers: int
    managers: int
    tasks: int


def make_chunk(plan: Plan, start: int, stop: int) -> dict[str, str]:
    """COPY text of customers start … stop-1, by table. Needs settings, not the database."""
    batch = Batch(plan, Random(f"{plan.seed}:{start}"))
    for index in range(start, stop):
        person = people.make_person(batch, index)
        money.write_holdings(batch, person)
        money.write_transactions(batch, person)
        habits.write_events(batch, person)
        habits.write_tags(batch, person)
        habits.write_consents(batch, person)
        habits.write_follow_ups(batch, person)
        people.write_person(batch, person)
    return batch.text()


def make_bank(*, customers: int, managers: int, seed: int, replace: bool = False) -> Made:
    """The whole demo bank in one transaction.

    Raises BusinessError outside the demo setting, and when the database already has customers and
    `replace` is not asked for.
    """
    if not settings.DEMO:
        raise BusinessError("演示数据只能在演示环境中生成，当前不是演示环境。")
    if customers < 1 or managers < 1:
        raise BusinessError("客户数和客户经理数都必须大于 0。")
    if Customer.objects.exists() and not replace:
        raise BusinessError("数据库里已有客户，没有生成演示数据；要清空后重做，请加 --replace。")
    with transaction.atomic():
        return _make(customers, managers, seed, replace)


def _make(customers: int, managers: int, seed: int, replace: bool) -> Made:
    today = timezone.localdate()
    store.prepare(replace=replace)
    plan, leaders = _prepare(customers, managers, seed, today)
    with store.loading(customers):
        for chunk in _chunks(plan):
            for table, text in chunk.items():
                store.copy(table, text)
    catalogue.create_segments(leaders)
    tasks = duties_find(on=today, actor=SYSTEM)
    run_seeders(seed)
    return Made(customers, managers, tasks)


def _prepare(
    customers: int, managers: int, seed: int, today: datetime.date
) -> tuple[Plan, dict[str, staff.User]]:
    random = Random(f"{seed}:staff")
    head, branches, subs = staff.create_branches()
    leaders = staff.create_leaders(head, branches, subs[0], random)
    team = staff.create_managers(subs, managers, leaders, random)
    plan = Plan(
        seed=seed,
        today=today,
        customers=customers,
        managers=tuple((user.pk, user.branch_id) for user in team),
        shelf=shelf_of(catalogue.create_products(today)),
        tags=tuple(catalogue.create_tags().values()),
    )
    return plan, leaders


def _chunks(plan: Plan) -> Iterator[dict[str, str]]:
    """Chunks in order; a large bank is written by a second process while the database loads."""
    spans = plan.chunks()
    if len(spans) < 4:
        yield from (make_chunk(plan, start, stop) for start, stop in spans)
        return
    workers = min(4, os.cpu_count() or 1)
    waiting: deque[Future[dict[str, str]]] = deque()
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        for start, stop in spans:
            waiting.append(pool.submit(make_chunk, plan, start, stop))
            if len(waiting) > workers + 1:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


__all__ = ["CHUNK", "Made", "make_bank", "make_chunk"]
