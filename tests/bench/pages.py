"""Latency of the main pages at 100,000 customers, over HTTP, signed in, one request at a time.

The peer of each page is /healthz of the same server in the same run: what the stack costs with no
work of ours in it. `ratio` is page ÷ peer at the median.
"""

import os
import statistics
import time

from tests.smoke.stack import Person, Stack

CUSTOMERS = int(os.environ.get("BENCH_CUSTOMERS", "100000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "30"))
PAGES = (
    ("workbench", "rm", "/workbench/"),
    ("customers_rm", "rm", "/customers/"),
    ("customers_branch", "admin", "/customers/"),
    ("customers_maturing", "admin", "/customers/?maturing=30"),
    ("segments", "admin", "/segments/"),
    ("segment", "admin", "/segments/1/"),
    ("campaigns", "admin", "/campaigns/"),
    ("contents", "admin", "/campaigns/contents/"),
    ("board_branch", "admin", "/board/"),
    ("board_head_office", "hq", "/board/"),
    ("alerts", "officer", "/compliance/alerts/"),
    ("reviews", "officer", "/compliance/reviews/"),
    ("audit", "auditor", "/audit/"),
)


def run() -> list[dict]:
    with Stack(customers=CUSTOMERS, rms=1200) as stack:
        return [_page(stack, *page) for page in PAGES]


def _page(stack: Stack, name: str, who: str, path: str) -> dict:
    person = stack.person(who)
    first = _milliseconds(person, path)
    pages, peers = [], []
    for _ in range(ROUNDS):
        pages.append(_milliseconds(person, path))
        peers.append(_milliseconds(person, "/healthz"))
    pages.sort()
    peer = statistics.median(peers)
    median = statistics.median(pages)
    return {
        "name": f"page_{name}",
        "value": round(median, 1),
        "unit": "ms, median",
        # The first call fills caches (boards are kept for a minute) and PostgreSQL's buffers.
        "first": round(first, 1),
        "p95": round(pages[int(len(pages) * 0.95)], 1),
        "peer": {"name": "healthz", "value": round(peer, 1)},
        "ratio": round(median / peer, 1),
        "customers": CUSTOMERS,
    }


def _milliseconds(person: Person, path: str) -> float:
    start = time.perf_counter()
    person.get(path)
    return 1000 * (time.perf_counter() - start)
