"""These runs bring stores of their own: they are going to be killed."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture
def own_stores(socket_enabled: None) -> Iterator[None]:
    outer = {name: os.environ.pop(name, None) for name in ("DATABASE_URL", "REDIS_URL", "SCRM_VAR")}
    yield
    os.environ.update({name: value for name, value in outer.items() if value})
