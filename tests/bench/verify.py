"""Full verification of an archive beside the bare hashing of one core.

BENCH_MESSAGES messages (1,000,000 unless told), each with its envelope, encrypted body, scan result
and two leaves; BENCH_STORE keeps them for the next benchmark. The peer is the bare hashing that the leaves and tree nodes of one message and its
scan need, both SHA-256 and SM3, without database, decryption or JSON.
"""

import hashlib
import os
import time
from typing import Any

from tests.bench._bank import bank
from tests.bench.archive import cpu_seconds

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "1000000"))
_RAW = 344 + 520
_SAMPLE = 20_000


def run() -> list[dict[str, Any]]:
    with bank(kept=os.environ.get("BENCH_STORE", "")):
        from tests.bench import _archive

        began = time.perf_counter()
        _archive.filled(MESSAGES)
        return _measure(time.perf_counter() - began)


def _measure(filled: float) -> list[dict[str, Any]]:
    from compliance.archive.log import anchors
    from compliance.archive.log.append import append_event
    from compliance.archive.verify.service import verify

    before, used = _bare(), cpu_seconds()
    began = time.perf_counter()
    verdict = verify()
    took, used = time.perf_counter() - began, cpu_seconds() - used
    assert verdict.ok, verdict.sentence
    assert (verdict.messages, verdict.unproven) == (MESSAGES, 0)
    bare = (before + _bare()) / 2
    append_event("bench.later")
    anchors.anchor()
    began = time.perf_counter()
    assert verify(start=verdict.anchored).ok
    later = time.perf_counter() - began
    full = {
        "name": "verify",
        "value": round(took, 1),
        "unit": f"s for {MESSAGES:,} messages with their scans ({verdict.size:,} leaves)",
        "messages_per_s": round(MESSAGES / took),
        "seconds_for_1M": round(took * 1_000_000 / MESSAGES, 1),
        # Python and PostgreSQL together; what a quiet machine of two cores would need is half.
        "cpu_seconds_for_1M": round(used * 1_000_000 / MESSAGES, 1),
        "peer": {"name": "bare hashing of one core, messages/s", "value": round(bare)},
        "ratio_per_core": round(MESSAGES / took / bare / 2, 3),
        "fill_s": round(filled),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }
    part = {
        "name": "verify_incremental",
        "value": round(later, 2),
        "unit": "s after the last anchor",
    }
    return [full, part]


def _bare() -> float:
    """Messages/s of one thread's CPU: envelope, content, two leaves, two nodes, in both hashes."""
    raw, content, leaf, scan, node = (os.urandom(n) for n in (_RAW + 20, 480, 720, 300, 65))
    began = time.thread_time()
    for _ in range(_SAMPLE):
        for data in (raw, content, leaf, scan, node, node):
            hashlib.sha256(data).digest()
            hashlib.new("sm3", data).digest()
    return _SAMPLE / (time.thread_time() - began)
