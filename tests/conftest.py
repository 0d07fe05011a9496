"""Fixtures for every test: the cast, signed-in clients, a flush that append-only tables survive."""

from collections.abc import Callable, Iterator

import pytest
from django.core.management.commands import flush
from django.test import Client

from scrm.accounts.models import User
from tests.factories import cast as factory


@pytest.fixture(autouse=True, scope="session")
def _flush_past_triggers() -> Iterator[None]:
    """Transactional tests empty all tables; only here may the append-only triggers stand aside."""
    original = flush.sql_flush

    def sql_flush(*args: object, **kwargs: object) -> list[str]:
        statements = original(*args, **kwargs)
        return [
            "SET session_replication_role = replica;",
            *statements,
            "SET session_replication_role = DEFAULT;",
        ]

    flush.sql_flush = sql_flush
    yield
    flush.sql_flush = original


@pytest.fixture
def cast(db: None) -> factory.Cast:
    return factory.make()


@pytest.fixture
def sign_in(db: None) -> Callable[[User], Client]:
    """A browser in which this person is signed in."""

    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return client_of
