"""Speed of the risk engine: python -m tests.bench.lexicon. Full pipeline beside bare matchers.

CPU time of one process, so that a busy neighbour on the machine counts less. The archive and
the rescan hand over many messages at once ("in batches"); the gate asks for one ("one by one"), and
the time of such a single scan is what p99 tells.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import ahocorasick
from daachorse import MATCH_KIND_LEFTMOST_LONGEST
from daachorse import CharwiseDoubleArrayAhoCorasick as Automaton

from compliance.lexicon import Engine, LexiconData, Term, starter_lexicon
from scrm.core.collector import resting
from tests.compliance.rules.ordinary_messages import messages

SEED = 20240607
LENGTH = 60
COUNT = 2_000
SIZES = (10_000, 100_000)
# Shares of word lengths as in published lexicons: short words are few, names and phrases many.
_ROWS, _CELLS = range(0xB0, 0xD8), range(0xA1, 0xFF)
_LENGTHS = (2, 3, 4, 4, 4, 5, 5, 6, 6, 7, 8, 3, 4, 5, 6, 4, 3, 5, 4, 6)


def texts() -> list[str]:
    """60 characters of ordinary banking talk each; no text stands twice."""
    found: dict[str, None] = {}
    held = ""
    for message in messages(8 * COUNT, seed=SEED):
        held += message + "。"
        if len(held) >= LENGTH:
            found[held[:LENGTH]] = None
            held = ""
        if len(found) == COUNT:
            break
    return list(found)


def words(size: int) -> list[str]:
    """Random words over the 3,755 everyday characters of GB 2312."""
    rng = random.Random(SEED)
    alphabet = [bytes((a, b)).decode("gb2312", "ignore") for a in _ROWS for b in _CELLS]
    alphabet = [char for char in alphabet if char]
    made: dict[str, None] = {}
    while len(made) < size:
        made["".join(rng.choices(alphabet, k=rng.choice(_LENGTHS)))] = None
    return list(made)


def with_words(lines: list[str], lexicon: list[str]) -> list[str]:
    """Five of a hundred messages carry a lexicon word."""
    rng = random.Random(SEED)
    chosen = [rng.choice(lexicon) if rng.random() < 0.05 else "" for _ in lines]
    return [(word + line)[:LENGTH] for word, line in zip(chosen, lines, strict=True)]


def rate(work: Callable[[list[str]], object], lines: list[str], rounds: int = 5) -> float:
    """Messages per second of CPU time, median of the rounds."""
    speeds = []
    for _ in range(rounds):
        began = time.process_time()
        work(lines)
        speeds.append(len(lines) / (time.process_time() - began))
    return statistics.median(speeds)


def one_by_one(work: Callable[[str], object]) -> Callable[[list[str]], object]:
    def walk(lines: list[str]) -> None:
        for line in lines:
            work(line)

    return walk


def p99_ms(work: Callable[[str], object], lines: list[str]) -> float:
    took = []
    for line in lines:
        began = time.perf_counter()
        work(line)
        took.append(time.perf_counter() - began)
    return sorted(took)[int(len(took) * 0.99)] * 1000


def engine_with(lexicon: list[str]) -> Engine:
    terms = tuple(Term(word, "misleading_promotion", 2) for word in lexicon)
    return Engine.build(LexiconData("bench", starter_lexicon().terms + terms))


def _peers(lexicon: list[str]) -> Iterator[tuple[str, Callable[[str], object]]]:
    longest = Automaton(lexicon, MATCH_KIND_LEFTMOST_LONGEST)
    yield "daachorse", longest.find
    other = ahocorasick.Automaton()
    for number, word in enumerate(lexicon):
        other.add_word(word, number)
    other.make_automaton()
    yield "pyahocorasick", lambda line: list(other.iter(line))


def _row(name: str, value: float, unit: str, peer: str = "", ratio: float = 0.0) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "peer": peer,
        "ratio": round(ratio, 3),
    }


def _size_rows(size: int, plain: list[str]) -> Iterator[dict[str, Any]]:
    lexicon = words(size)
    lines = with_words(plain, lexicon)
    began = time.process_time()
    with resting():  # as a worker builds it
        engine = engine_with(lexicon)
    label = f"lexicon {size // 1000}k words"
    yield _row(f"{label}: build", time.process_time() - began, "s")
    for line in lines:  # fills the character tables, as a running worker has them
        engine.scan(line)
    speed = rate(engine.scan_many, lines)
    yield _row(f"{label}: full scan in batches", speed, "msgs/s")
    yield _row(f"{label}: full scan one by one", rate(one_by_one(engine.scan), lines), "msgs/s")
    yield _row(f"{label}: one scan p99", p99_ms(engine.scan, lines), "ms")
    flagged = sum((engine.scan(line).severity or 0) >= 1 for line in lines)
    yield _row(f"{label}: flagged", 100 * flagged / len(lines), "%")
    for peer, work in _peers(lexicon):
        bare = rate(one_by_one(work), lines)
        yield _row(f"{label}: bare match", bare, "msgs/s", peer, speed / bare)


def run() -> list[dict[str, Any]]:
    """One row per figure; `ratio` is our full pipeline over the bare matcher."""
    plain = texts()
    return [row for size in SIZES for row in _size_rows(size, plain)]


if __name__ == "__main__":
    for entry in run():
        print(json.dumps(entry, ensure_ascii=False))
