"""The review desk by keyboard in a real browser: J, K, D, C, E, and the page is never left."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, sync_playwright

from compliance.models import Alert, Case
from tests.compliance.test_desk_walks import behaviour
from tests.e2e.conftest import CHROMIUM
from tests.factories.cast import make

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium on this machine"
    ),
]


@dataclass
class Noted:
    """Where the browser was after each key, and what went wrong in it."""

    urls: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    stayed: bool = False


_COUNT = "document.addEventListener('htmx:afterSettle', () => window.settled++); window.settled = 0"


def _press(page: Page, key: str, noted: Noted) -> None:
    """Presses a key outside all inputs and waits until the desk was replaced."""
    before = page.evaluate("document.activeElement.blur() || window.settled")
    page.locator("body").press(key)
    # Asked again and again: the page's own security policy forbids a predicate made of a string.
    for _ in range(400):
        if page.evaluate("window.settled") > before:
            break
        page.wait_for_timeout(50)
    noted.urls.append(page.url)


def _work(page: Page, address: str) -> Noted:
    noted = Noted()
    page.on("pageerror", lambda error: noted.errors.append(str(error)))
    page.goto(f"{address}/compliance/alerts/")
    page.wait_for_load_state("networkidle")
    page.evaluate(_COUNT)
    for key in "jk":
        _press(page, key, noted)
    # No reason is written: the browser itself refuses to send the form.
    page.locator("body").press("d")
    assert page.evaluate("document.activeElement.id") == "id_reason"
    for key in "dce":
        page.locator("[data-fill='#id_reason']").first.click()
        _press(page, key, noted)
    # A page that had been left would have lost the counter.
    noted.stayed = page.evaluate("window.settled") == len(noted.urls)
    return noted


def _drive(address: str, session: str) -> Noted:
    """In a thread of its own: Playwright keeps an event loop, which the ORM does not tolerate."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        try:
            return _work(page, address)
        finally:
            browser.close()


def test_the_keys_of_the_desk(live_server, sign_in, socket_enabled: None) -> None:
    cast = make()
    first, second, third = (behaviour(cast.alice, 2, n) for n in range(3))
    session = sign_in(cast.officer).cookies["sessionid"].value
    with ThreadPoolExecutor(1) as apart:
        noted = apart.submit(_drive, live_server.url, session).result()
    assert f"/alerts/{second.pk}/" in noted.urls[0]
    assert f"/alerts/{first.pk}/" in noted.urls[1]
    states = dict(Alert.objects.values_list("pk", "state"))
    assert states == {first.pk: "dismissed", second.pk: "confirmed", third.pk: "confirmed"}
    assert Case.objects.get(alert=third).actions.get().kind == "escalation"
    assert noted.stayed
    assert noted.errors == []
    assert all(row.decisions.get().seconds is not None for row in (first, second, third))
