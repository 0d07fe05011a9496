from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .harness import Client, Receiver, Server, small_world


@pytest.fixture(autouse=True)
def _loopback(socket_enabled: None) -> None:
    """These tests are about real sockets."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Client]:
    with Server(tmp_path / "state") as client:
        yield client


@pytest.fixture
def corp(empty: Client) -> Client:
    """A small world, full pages, no waiting after a mass send."""
    empty.control("world", small_world())
    empty.control("settings", {"short_pages": False, "dispatch_seconds": 0})
    return empty


@pytest.fixture
def calling(tmp_path: Path, receiver: Receiver) -> Iterator[Client]:
    """The same, with callbacks to `receiver`."""
    with Server(tmp_path / "state", receiver.url) as client:
        client.control("world", small_world())
        settings = {"dispatch_seconds": 0, "callback_retry_seconds": 0.1}
        client.control("settings", settings)
        yield client
