"""State machines under random moves: only what the table allows, stamps in order, nobody forgotten."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns import ledger
from campaigns.models import Campaign, Delivery
from scrm.core.errors import IllegalTransition
from scrm.core.states import can_move, move
from tests.factories import campaign as factory
from tests.factories.cast import Cast

_SOME = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@_SOME
@given(path=st.lists(st.sampled_from(Campaign.State.values), max_size=20))
def test_a_campaign_follows_its_table(path: list[str]) -> None:
    campaign = Campaign(state="draft")
    for target in path:
        before = campaign.state
        if can_move(Campaign.MOVES, before, target):
            assert move(campaign, Campaign.MOVES, target) == before
            assert campaign.state == target
        else:
            with pytest.raises(IllegalTransition, match="当前状态"):
                move(campaign, Campaign.MOVES, target)
            assert campaign.state == before


def test_ends_are_ends() -> None:
    for end in ("finished", "cancelled"):
        assert not any(can_move(Campaign.MOVES, end, state) for state in Campaign.State.values)
    for end in ("delivered", "failed", "suppressed"):
        assert not any(can_move(Delivery.MOVES, end, state) for state in Delivery.State.values)


@_SOME
@given(path=st.lists(st.sampled_from(Delivery.State.values), max_size=15))
def test_the_ledger_moves_only_what_may_move(cast: Cast, path: list[str]) -> None:
    with transaction.atomic():
        campaign = Campaign.objects.first() or factory.draft(cast)
        rows = [
            Delivery.objects.create(campaign=campaign, customer=customer)
            for customer in (cast.wang, cast.zhao)
        ]
        mine = Delivery.objects.filter(pk__in=[row.pk for row in rows])
        state = "planned"
        for target in path:
            allowed = can_move(Delivery.MOVES, state, target)
            assert ledger.move(mine, target) == (2 if allowed else 0)
            state = target if allowed else state
            assert set(mine.values_list("state", flat=True)) == {state}
        delivered = mine.filter(state="delivered", delivered_at=None)
        assert not delivered.exists()
        transaction.set_rollback(True)
