"""python -m compliance.rules.evaluate FILE.jsonl: recall and false positives with intervals.

Each line: {"text", "label": "violation"|"clean", "category", "variant"}. Only aggregates are
printed, so that a held-out file can be measured without being read.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from compliance.lexicon import Engine, starter_lexicon

SIMPLE = frozenset({"fullwidth", "traditional", "symbols", "zero_width", "spaced"})
HARD = frozenset({"pinyin", "homophone", "split", "emoji", "mixed"})
_Z = 1.959964


def wilson(hits: int, total: int) -> tuple[float, float]:
    """95 % Wilson interval of a proportion."""
    if not total:
        return 0.0, 1.0
    share, square = hits / total, _Z * _Z
    centre = share + square / (2 * total)
    spread = _Z * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    scale = 1 + square / total
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def flag_rows(engine: Engine, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with `flagged`: severity 1 or more."""
    return [dict(row, flagged=(engine.scan(row["text"]).severity or 0) >= 1) for row in rows]


def rate(rows: list[dict[str, Any]]) -> float:
    return round(sum(r["flagged"] for r in rows) / len(rows), 4) if rows else 0.0


def _line(name: str, rows: list[dict[str, Any]]) -> str:
    hits = sum(r["flagged"] for r in rows)
    low, high = wilson(hits, len(rows))
    share = 100 * hits / max(1, len(rows))
    return (
        f"{name:<24}{hits:>5}/{len(rows):<5}{share:6.1f} %  [{100 * low:5.1f}, {100 * high:5.1f}]"
    )


def _groups(rows: list[dict[str, Any]], key: str) -> list[tuple[str, list[dict[str, Any]]]]:
    names = sorted({str(r.get(key, "")) for r in rows})
    return [(name, [r for r in rows if str(r.get(key, "")) == name]) for name in names]


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    bad = [r for r in rows if r["label"] == "violation"]
    good = [r for r in rows if r["label"] == "clean"]
    return {
        "recall": rate(bad),
        "recall_plain": rate([r for r in bad if r["variant"] == "plain"]),
        "recall_simple": rate([r for r in bad if r["variant"] in SIMPLE]),
        "recall_hard": rate([r for r in bad if r["variant"] in HARD]),
        "fp_clean": rate(good),
        "fp_hard": rate([r for r in good if r["category"].startswith("hn_")]),
        "fp_ordinary": rate([r for r in good if r["category"] == "none"]),
    }


def report(rows: list[dict[str, Any]]) -> str:
    bad = [r for r in rows if r["label"] == "violation"]
    good = [r for r in rows if r["label"] == "clean"]
    lines = ["recall by variant"] + [_line(*group) for group in _groups(bad, "variant")]
    lines += ["recall by category"] + [_line(*group) for group in _groups(bad, "category")]
    hard = [r for r in good if r["category"].startswith("hn_")]
    ordinary = [r for r in good if r["category"] == "none"]
    lines += ["all", _line("recall", bad), _line("false positives", good)]
    lines += [_line("  hard negatives", hard), _line("  ordinary", ordinary)]
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    if len(argv) != 1:
        print("usage: python -m compliance.rules.evaluate FILE.jsonl", file=sys.stderr)
        return 2
    text = Path(argv[0]).read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    rows = flag_rows(Engine.build(starter_lexicon()), rows)
    print(report(rows))
    print(json.dumps(summary(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
