"""The life of an alert as a state machine: 20,000 random steps by three people at a time.

The pure rules are walked here; the same walk on database rows is short here and long in chaos.
"""

import datetime
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from compliance import workflow
from compliance.workflow import Person, Situation
from scrm.core.errors import BusinessError, FourEyes

START = datetime.datetime(2026, 1, 5, 9, tzinfo=datetime.UTC)
LEGAL = {(a, b) for a, targets in workflow.MOVES.items() for b in targets}
PEOPLE = (
    Person(1),
    Person(2),
    Person(3, head_office=True),
    Person(4, head_office=True, conflict="这是你直属上级的会话。"),
)
people = st.sampled_from(PEOPLE)


class Desk(RuleBasedStateMachine):
    """One alert; every accepted act is compared with what the rules of the house say."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.now, self.at = Situation(), START
        self.proposer: int | None = None
        self.finals: list[tuple[str, int, int | None]] = []

    @initialize(severity=st.integers(0, 4))
    def begin(self, severity: int) -> None:
        self.now = Situation(severity=severity)

    def _go(self, after: Situation, who: Person | None) -> None:
        before = self.now
        assert before.state == after.state or (before.state, after.state) in LEGAL
        assert who is None or not who.conflict
        assert after.severity == before.severity
        self.now = after

    def _tick(self) -> None:
        type(self).steps += 1

    @rule(minutes=st.sampled_from([1, 20, 31]))
    def time_passes(self, minutes: int) -> None:
        self._tick()
        self.at += datetime.timedelta(minutes=minutes)

    @rule(who=people)
    def claim(self, who: Person) -> None:
        self._tick()
        held = self.now.state == "claimed" and self.now.claimed_by != who.pk
        fresh = self.now.active_at and self.at - self.now.active_at <= workflow.CLAIM_LASTS
        try:
            after = workflow.claim(self.now, who, self.at)
        except BusinessError:
            return
        assert not (held and fresh)
        self._go(after, who)
        assert self.now.claimed_by == who.pk

    @rule(who=people)
    def release(self, who: Person) -> None:
        self._tick()
        try:
            after = workflow.release(self.now, who)
        except BusinessError:
            return
        assert self.now.claimed_by == who.pk
        self._go(after, who)

    @rule(who=people, decision=st.sampled_from(["dismiss", "confirm", "escalate", "nonsense"]))
    def decide(self, who: Person, decision: str) -> None:
        self._tick()
        try:
            after, step = workflow.decide(self.now, who, decision, self.at)
        except BusinessError:
            return
        before = self.now
        if before.state != "awaiting_second":
            # Whoever decides first takes the alert, under the same rules as a claim.
            self._go(workflow.claim(before, who, self.at), who)
        self._go(after, who)
        if step == "sole":
            assert before.severity < 3
        if step == "first":
            assert before.severity >= 3
            self.proposer = who.pk
        if step in {"second", "dispute"}:
            assert who.pk != self.proposer
        if step == "second":
            assert decision == before.proposal
            assert before.severity < 4 or who.head_office or self._is_head(self.proposer)
        if step == "dispute":
            assert decision != before.proposal
            assert after.level == min(2, before.level + 1)
        ended = after.state in {"dismissed", "confirmed"}
        assert ended == (step in {"sole", "second"})

    def _is_head(self, pk: int | None) -> bool:
        return any(person.head_office for person in PEOPLE if person.pk == pk)

    @rule()
    def settle_by_rule(self) -> None:
        self._tick()
        try:
            after = workflow.settle_by_rule(self.now)
        except BusinessError:
            return
        assert self.now.severity <= 1
        assert self.now.state == "new"
        self._go(after, None)

    @rule(who=people)
    def reopen(self, who: Person) -> None:
        self._tick()
        try:
            after = workflow.reopen(self.now, who)
        except BusinessError:
            return
        assert self.now.state in {"dismissed", "confirmed"}
        self._go(after, who)

    @rule()
    def overdue(self) -> None:
        self._tick()
        try:
            after = workflow.overdue(self.now, self.at)
        except BusinessError:
            return
        assert after.level == min(2, self.now.level + 1)
        self._go(after, None)

    @invariant()
    def nothing_is_half_done(self) -> None:
        now = self.now
        assert now.state in workflow.STATES
        assert (now.state == "awaiting_second") <= (now.first_by is not None)
        assert (now.state == "claimed") <= (now.claimed_by is not None)
        assert (now.state in {"new", "disputed"}) <= (now.first_by is None)
        assert (now.state in {"confirmed", "dismissed"}) <= bool(now.proposal)


def test_twenty_thousand_random_steps() -> None:
    Desk.steps = 0
    run = settings(
        max_examples=500,
        stateful_step_count=50,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(Desk, settings=run)
    assert Desk.steps >= 20_000


def test_s4_needs_somebody_of_head_office() -> None:
    grave = Situation(severity=4)
    first, _ = workflow.decide(grave, PEOPLE[0], "confirm", START)
    with pytest.raises(FourEyes, match="总行"):
        workflow.decide(first, PEOPLE[1], "confirm", START)
    assert workflow.decide(first, PEOPLE[2], "confirm", START)[1] == "second"
    by_head, _ = workflow.decide(grave, PEOPLE[2], "confirm", START)
    assert workflow.decide(by_head, PEOPLE[1], "confirm", START)[1] == "second"
    s3, _ = workflow.decide(replace(grave, severity=3), PEOPLE[0], "confirm", START)
    assert workflow.decide(s3, PEOPLE[1], "confirm", START)[1] == "second"


def test_a_claim_lapses_after_thirty_idle_minutes() -> None:
    held = workflow.claim(Situation(), PEOPLE[0], START)
    soon, late = (START + datetime.timedelta(minutes=m) for m in (30, 31))
    with pytest.raises(BusinessError):
        workflow.claim(held, PEOPLE[1], soon)
    assert workflow.claim(held, PEOPLE[1], late).claimed_by == 2
