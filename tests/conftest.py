"""Fixtures for every test: the cast, signed-in clients, a flush that append-only tables survive."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from django.core.management.commands import flush
from django.test import Client
from pytest_django.fixtures import Settings

from scrm.accounts.models import User
from tests.factories import cast as factory
from tests.factories import wecom


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


@pytest.fixture
def corp(tmp_path: Path, settings: Settings, socket_enabled: None) -> Iterator[wecom.Corp]:
    """A WeCom sandbox with alice, amy and bob as members and their customers as friends."""
    server = wecom.BankServer(tmp_path / "sandbox")
    with server:
        settings.WECOM_API_URL = settings.WECOM_OAUTH_URL = f"http://127.0.0.1:{server.port}"
        wecom.forget_clients()
        control = wecom.Corp(settings.WECOM_API_URL)
        control.post("settings", {"short_pages": True, "dispatch_seconds": 0})
        contacts = [
            wecom.contact(f"wmC0000000{n}", userid, unionid=f"union-C0000000{n}", name=name)
            for n, userid, name in ((1, "alice", "王芳"), (2, "amy", "赵磊"), (3, "bob", "李娜"))
        ]
        people = {"alice": "陈静怡", "amy": "孙悦", "bob": "刘洋"}
        control.post("world", wecom.world(people, contacts))
        redis.Redis.from_url(settings.REDIS_URL).flushdb()
        yield control
    wecom.forget_clients()
