"""Alerts on real rows: random walks by three people, and claims that race."""

import datetime
import threading
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance import alerts, workflow
from compliance.models import Alert, Decision
from compliance.overdue import escalate_overdue
from scrm.accounts.models import User
from scrm.audit.models import AuditEvent
from scrm.core.errors import BusinessError
from tests.factories.cast import Cast, make

LEGAL = {(a, b) for a, targets in workflow.MOVES.items() for b in targets}
# One act decides and takes at once; both moves are legal one after the other.
LEGAL |= {(a, c) for a, b in LEGAL for b2, c in LEGAL if b == b2 == "claimed"}


def behaviour(user: User, severity: int, n: int = 0) -> Alert:
    return Alert.objects.create(
        subject="behaviour",
        title="一小时内大量查看客户资料",
        facts=[["次数", "240 次"]],
        category="mass_views",
        rule_id="behaviour.mass_views",
        severity=severity,
        user=user,
        branch=user.branch,
        due_at=timezone.now() + datetime.timedelta(hours=4),
        condition=f"walk:{n}",
    )


acts = st.tuples(
    st.sampled_from(["claim", "release", "decide", "decide", "decide", "reopen", "idle", "late"]),
    st.integers(0, 2),
    st.sampled_from(["dismiss", "confirm", "escalate"]),
)


class Walk:
    def __init__(self, cast: Cast, severity: int) -> None:
        self.people = (cast.officer, cast.officer_head, cast.officer_shanghai)
        Alert.objects.filter(condition="walk:0").update(condition=None)
        self.pk = behaviour(cast.alice, severity).pk
        self.decided = 0

    def act(self, name: str, who: int, decision: str) -> None:
        row, actor = Alert.objects.get(pk=self.pk), self.people[who]
        before = row.state
        try:
            self._do(name, row, actor, decision)
        except BusinessError:
            assert Alert.objects.get(pk=self.pk).state == before
            return
        now = Alert.objects.get(pk=self.pk).state
        assert now == before or (before, now) in LEGAL
        self.decided += name in {"decide", "reopen"}

    def _do(self, name: str, row: Alert, actor: User, decision: str) -> None:
        rows = Alert.objects.filter(pk=self.pk)
        if name == "idle":
            rows.update(active_at=timezone.now() - datetime.timedelta(minutes=31))
        elif name == "late":
            rows.update(due_at=timezone.now() - datetime.timedelta(hours=1), escalated_at=None)
            escalate_overdue()
        elif name == "claim":
            alerts.alert_claim(alert=row, actor=actor)
        elif name == "release":
            alerts.alert_release(alert=row, actor=actor)
        elif name == "reopen":
            alerts.alert_reopen(alert=row, reason="再看一次", actor=actor)
        else:
            alerts.alert_decide(alert=row, decision=decision, reason="核实", actor=actor)

    def finish(self) -> None:
        """Every accepted decision has its row and its event, and nothing else has."""
        rows = Decision.objects.filter(alert=self.pk)
        assert rows.count() == self.decided
        events = AuditEvent.objects.filter(object_type="compliance.alert", object_id=str(self.pk))
        judged = events.exclude(action__in=["alert.claim", "alert.release", "alert.overdue"])
        assert judged.count() == self.decided
        grave = Alert.objects.get(pk=self.pk).severity >= workflow.SECOND_PERSON_FROM
        assert not (grave and rows.filter(step="sole").exists())
        for second in rows.filter(step="second"):
            first = rows.filter(step="first", pk__lt=second.pk).last()
            assert first is not None
            assert first.by_id != second.by_id


def _walks(cast: Cast, examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(severity=st.integers(1, 4), steps=st.lists(acts, min_size=40, max_size=40))
    def walk(severity: int, steps: list[tuple[str, int, str]]) -> None:
        one = Walk(cast, severity)
        for step in steps:
            one.act(*step)
        one.finish()

    walk()


def test_random_walks_on_rows(cast: Cast) -> None:
    _walks(cast, 6)


@pytest.mark.chaos
def test_twenty_thousand_steps_on_rows(cast: Cast) -> None:
    _walks(cast, 500)


@pytest.mark.django_db(transaction=True)
def test_two_hundred_claim_races_have_one_winner_each() -> None:
    cast = make()
    rows = [behaviour(cast.alice, 2, n) for n in range(200)]
    people = (cast.officer, cast.officer_head, cast.officer_head)
    gate = threading.Barrier(len(people))
    outcomes: list[list[str]] = [[] for _ in rows]

    def race(number: int, actor: Any) -> None:
        try:
            for row, told in zip(rows, outcomes, strict=True):
                gate.wait()
                try:
                    alerts.alert_claim(alert=row, actor=actor)
                    told.append(actor.username)
                except BusinessError as error:
                    told.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=(n, who)) for n, who in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for row, told in zip(rows, outcomes, strict=True):
        row.refresh_from_db()
        winners = {name for name in told if name != "claimed"}
        assert winners == {row.claimed_by.username}
