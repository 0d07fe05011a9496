"""What judged a message: the engine's code, the rules, and what makes canonical text.

Each part carries a digest of its own files, so that two findings with the same version string and
the same lexicon digest came from the same bytes, whether or not somebody remembered to count up.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from pathlib import Path

_RELEASE = "1.2.0"
_LEXICON = Path(__file__).parent
_RULES = _LEXICON.parent / "rules"
_NORMALISING = ("chars", "decode", "layers", "names", "pinyin", "restore", "segment")


def _digest(files: Iterable[Path], more: str = "") -> str:
    total = hashlib.sha256(more.encode())
    for file in sorted(files):
        total.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:8]


def _parts() -> dict[str, str]:
    code = set(_LEXICON.glob("*.py"))
    normaliser = {_LEXICON / f"{name}.py" for name in _NORMALISING}
    # The examples too: which pairs of characters people write is counted in them.
    rules = {p for p in _RULES.rglob("*") if p.suffix in {".py", ".rules", ".tsv", ".txt"}}
    tables = set((_LEXICON / "data").glob("*.txt"))
    return {
        "engine": _digest(code - normaliser),
        "rules": _digest(rules),
        # The database of Unicode decides about categories and compatibility forms.
        "normaliser": _digest(normaliser | tables, unicodedata.unidata_version),
    }


PARTS = _parts()
ENGINE_VERSION = f"{_RELEASE}+e{PARTS['engine']}.r{PARTS['rules']}.n{PARTS['normaliser']}"
_NAMES = {"e": "引擎", "r": "规则", "n": "归一化"}


def described(version: str) -> str:
    """A stored version for people: 引擎 1.2.0（…） · 规则 … · 归一化 …"""
    release, _, digests = version.partition("+")
    parts = {part[:1]: part[1:] for part in digests.split(".") if part}
    if not parts:
        return f"引擎 {release}"
    told = [f"引擎 {release}（{parts.pop('e', '—')}）"]
    return " · ".join(told + [f"{_NAMES.get(key, key)} {value}" for key, value in parts.items()])
