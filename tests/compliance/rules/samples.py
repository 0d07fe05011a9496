"""Reads the paraphrase fixtures of this folder."""

from __future__ import annotations

from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures"


def sections(name: str) -> list[tuple[str, str]]:
    """(category, sentence) pairs of a file with [category] headings."""
    out: list[tuple[str, str]] = []
    category = ""
    for line in (FIXTURES / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            category = line.strip("[]")
        elif line and not line.startswith("#"):
            out.append((category, line))
    return out


def variants(name: str) -> list[tuple[str, str]]:
    lines = (FIXTURES / name).read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t", 1) for line in lines if line and not line.startswith("#")]
    return [(variant, text) for variant, text in pairs]
