"""One whole product for the session: processes, stores, sandbox; and a browser when there is one."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from pytest_socket import enable_socket

from tests.smoke.journey import Journey
from tests.smoke.stack import Stack

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    enable_socket()
    # Stores of its own: the suite's database must not see what these processes commit.
    outer = {name: os.environ.pop(name, None) for name in ("DATABASE_URL", "REDIS_URL", "SCRM_VAR")}
    try:
        with Stack(customers=300, rms=16) as running:
            yield running
    finally:
        os.environ.update({name: value for name, value in outer.items() if value})


@pytest.fixture(scope="session")
def journey(stack: Stack) -> Journey:
    return Journey(stack)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have a Chromium")
        pytest.skip("no Chromium on this machine")
    enable_socket()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield started
        started.close()
