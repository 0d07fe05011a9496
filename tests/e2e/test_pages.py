"""Five people's pages in a browser: no error, no page wider than the screen, everything Chinese."""

import re

import pytest
from playwright.sync_api import Browser, Page

from tests.smoke.stack import Stack

pytestmark = pytest.mark.xdist_group("stack")

PAGES = {
    "rm": ["/workbench/", "/customers/", "/campaigns/contents/", "/board/mine/"],
    "admin": [
        "/codes/",
        "/codes/new/",
        "/codes/groups/",
        "/codes/groups/new/",
        "/campaigns/",
        "/campaigns/new/",
        "/campaigns/contents/",
        "/campaigns/contents/new/",
        "/segments/",
        "/segments/new/",
        "/customers/",
        "/board/",
        "/organisation/",
        "/compliance/reviews/",
    ],
    "officer": [
        "/compliance/alerts/",
        "/compliance/reviews/",
        "/compliance/cases/",
        "/compliance/archive/",
        "/compliance/lexicons/",
        "/compliance/board/",
        "/audit/",
    ],
    "hq": ["/board/", "/connection/", "/campaigns/", "/segments/", "/audit/"],
    "auditor": ["/audit/", "/compliance/integrity/", "/compliance/archive/"],
}
SIZES = [(1440, 900), (390, 844)]


def _sign_in(browser: Browser, stack: Stack, who: str, size: tuple[int, int]) -> Page:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(f"{stack.url}/login/")
    page.fill("[name=username]", who)
    page.fill("[name=password]", "demo12345")
    page.click("form .btn-primary")
    page.wait_for_load_state()
    assert "/login/" not in page.url
    return page


@pytest.mark.parametrize("size", SIZES, ids=["desk", "phone"])
@pytest.mark.parametrize("who", PAGES)
def test_pages(browser: Browser, stack: Stack, who: str, size: tuple[int, int]) -> None:
    page, errors = _sign_in(browser, stack, who, size), []
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    for path in PAGES[who]:
        answer = page.goto(stack.url + path)
        page.wait_for_load_state("networkidle")
        assert answer is not None
        assert answer.status == 200, (path, answer.status)
        assert not errors, (path, errors)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= size[0], f"{path} is {width} px wide on a screen of {size[0]} px"
        assert page.locator("h1.page-title").inner_text().strip(), path
        assert page.locator(".nav-item.active").count() <= 1
    page.close()


def test_the_customer_360_masks_the_phone(browser: Browser, stack: Stack) -> None:
    page = _sign_in(browser, stack, "rm", (1440, 900))
    page.goto(f"{stack.url}/customers/")
    page.locator("main a[href^='/customers/']").first.click()
    page.wait_for_load_state("networkidle")
    assert re.search(r"/customers/\d+/", page.url)
    assert re.search(r"1\d{2}\*{4}\d{4}", page.content()), "the phone is masked"
    page.close()
