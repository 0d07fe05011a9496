"""Two branches with one RM each, and everyone else who may or may not look."""

from dataclasses import dataclass

import pytest
from django.test import Client

from scrm.accounts.models import Branch, User
from tests.factories.contacts import UserFactory, make_branch


@dataclass(frozen=True)
class Bank:
    head: Branch
    north: Branch
    south: Branch
    alice: User  # RM of the north branch's sub-branch
    bob: User  # RM of the south branch's sub-branch
    admin: User
    officer: User
    hq: User
    auditor: User


@pytest.fixture
def bank(db: None) -> Bank:
    head = make_branch("测试总行")
    north, south = make_branch("测试北分行", head), make_branch("测试南分行", head)
    north_sub, south_sub = make_branch("测试北支行", north), make_branch("测试南支行", south)
    return Bank(
        head,
        north,
        south,
        UserFactory(role="rm", branch=north_sub, name="艾丽"),
        UserFactory(role="rm", branch=south_sub, name="鲍勃"),
        UserFactory(role="branch_admin", branch=north),
        UserFactory(role="compliance", branch=north),
        UserFactory(role="hq_admin", branch=head),
        UserFactory(role="auditor", branch=head),
    )


@pytest.fixture
def browser() -> Client:
    return Client()
