"""Search over an archive of a million messages, beside the bound: the same rows by primary key.

Messages are stored as ingest leaves them (encrypted, indexed by keyed character pairs, scanned, in
the log); BENCH_STORE keeps them for the next benchmark. Each query is a word out of a stored message, two such words, a phrase, or a
word of everyday talk; facets are drawn with them. The time is that of the selector, its first page
read and decrypted.
"""

import os
import random
import statistics
import time
from typing import Any

from tests.bench._bank import bank

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "1000000"))
QUERIES = int(os.environ.get("BENCH_QUERIES", "300"))
SEED = 20240607
_PAGE = 20


def run() -> list[dict[str, Any]]:
    with bank(kept=os.environ.get("BENCH_STORE", "")):
        return [_measure()]


def _measure() -> dict[str, Any]:
    from tests.bench import _archive

    officer = _archive.filled(MESSAGES)
    queries = list(_queries(_archive.texts(), random.Random(SEED)))
    for query in queries[:20]:
        _search(officer, query)
    took, found, bound = [], 0, []
    for query in queries:
        began = time.perf_counter()
        ids, count = _search(officer, query)
        took.append(1000 * (time.perf_counter() - began))
        found += bool(count)
        began = time.perf_counter()
        _by_key(ids)
        bound.append(1000 * (time.perf_counter() - began))
    p95, peer = _p95(took), _p95(bound)
    return {
        "name": "archive_search_p95",
        "value": round(p95, 1),
        "unit": "ms",
        "median": round(statistics.median(took), 1),
        "max": round(max(took), 1),
        "peer": {"name": "100 rows by primary key, opened, p95", "value": round(peer, 1)},
        "ratio": round(p95 / peer, 2),
        "messages": MESSAGES,
        "queries": len(queries),
        "with_results": found,
        "load": round(os.getloadavg()[0], 1),
    }


def _queries(texts: list[str], rng: random.Random) -> Any:
    from compliance.selectors.search import Query

    everyday = ("您好", "理财", "周末", "谢谢", "客户经理", "存款")
    for n in range(QUERIES):
        text = rng.choice(texts)
        at = rng.randrange(0, len(text) - 8)
        piece = "".join(ch for ch in text[at : at + 6] if ch.isalnum())
        kinds = (piece[:4], f"{piece[:2]} {text[:2]}", f'"{piece}"', rng.choice(everyday))
        words = kinds[n % len(kinds)]
        if len(words.strip('" ')) < 2:
            words = everyday[0]
        yield Query(words=words, direction=rng.choice(["", "out", "in"]))


def _search(user: Any, query: Any) -> tuple[list[int], int]:
    from compliance.selectors import search

    found = search.search(user, query)
    page = list(found[:_PAGE])
    assert all(message.text for message in page)
    return found.candidates[:100], len(found.ids)


def _by_key(ids: list[int]) -> None:
    from compliance.models import ArchivedMessage

    rows = ArchivedMessage.objects.filter(pk__in=ids).only("content", "envelope_id")
    assert all(row.text for row in rows)


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]
