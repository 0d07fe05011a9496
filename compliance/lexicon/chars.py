"""One table from any code point to its canonical form: width, case, digits, look-alikes, t2s.

The table is filled lazily: str.translate asks for a code point once, later it is a dict lookup.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from compliance.lexicon.source import DATA
from compliance.rules.batch import STOP

NOISE = "\x01"
ASK = "？"
COMMA = "，"
_STOPS = "。!！；;\n\r\u2028\u2029\u0085"
_COMMAS = "，,、：:﹐﹑،"
# Blank-looking letters and fillers that have no category of their own.
_INVISIBLE = "\u3164\u115f\u1160\uffa0\u2800\u034f\u180e\ufffc"
_LOOKALIKE = dict(zip("авсеорхуѕіјԛԝνοαικμτυхѵցʋ", "abceopxysijqwvoaikmtuxvgv", strict=True)) | {
    "∨": "v",
    "ⅴ": "v",
    "帐": "账",
    "曱": "甲",
    "ー": "一",
    "⻋": "车",
    "⻅": "见",
    "⻓": "长",
}
_KEEP = "%.@"
_USUAL = ((0x20, 0x7F), (0x3000, 0x3040), (0x4E00, 0xA000), (0xFF00, 0xFFF0))


@cache
def t2s_pairs() -> dict[str, str]:
    lines = (DATA / "t2s.txt").read_text(encoding="utf-8").splitlines()
    cells = " ".join(line for line in lines if not line.startswith("#")).split()
    return {cell[0]: cell[1] for cell in cells}


def _squared_letter(code: int) -> str:
    """Negative circled and squared letters and regional indicators have no NFKC form."""
    for first in (0x1F150, 0x1F170, 0x1F1E6, 0x1F130):
        if first <= code < first + 26:
            return chr(ord("a") + code - first)
    return ""


def _folded(ch: str) -> str:
    form = unicodedata.normalize("NFKC", ch)
    if len(form) != 1:
        # Parenthesised letters (⒱) and the like: keep the only letter or digit inside.
        inner = [c for c in form if c.isalnum()]
        form = inner[0] if len(inner) == 1 else ch
    digit = unicodedata.digit(form, None)
    if digit is not None:
        return str(digit)
    form = form.lower()[:1]
    form = _LOOKALIKE.get(form, form)
    return t2s_pairs().get(form, form)


def canonical_char(ch: str) -> str:
    """The canonical form of one character: '' (dropped), a barrier, NOISE or one character."""
    code = ord(ch)
    if 0x3400 <= code <= 0x9FFF:
        return _LOOKALIKE.get(t2s_pairs().get(ch, ch), t2s_pairs().get(ch, ch))
    squared = _squared_letter(code)
    if squared:
        return squared
    if ch in "?？":
        return ASK
    if ch in _KEEP:
        return ch
    if ch in _STOPS:
        return STOP
    if ch in _COMMAS:
        return COMMA
    return _by_category(ch)


def _by_category(ch: str) -> str:
    category = unicodedata.category(ch)
    if category in ("Cf", "Mn", "Me", "Cc") or ch in _INVISIBLE:
        return NOISE if ch == "\t" else ""
    folded = _folded(ch)
    if folded in _KEEP:
        return folded
    return folded if folded.isalnum() else NOISE


_SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"


def alias_form(text: str) -> str:
    """An alias as it stands in canonical text: its symbols stay, what is invisible goes."""
    forms = [(ch, canonical_char(ch)) for ch in text if ch not in _SKIN_TONES]
    return "".join(form if form.isalnum() or not form else ch for ch, form in forms)


@cache
def _changing() -> re.Pattern[str]:
    """Runs of characters outside the great mass that are canonical already."""
    same = (code for first, last in _USUAL for code in range(first, last))
    kept = "".join(chr(code) for code in same if canonical_char(chr(code)) == chr(code))
    return re.compile(f"[^{re.escape(kept)}]+")


class CharTable(dict[int, str]):
    """str.translate table; `kept` are symbols with a meaning of their own (emoji aliases)."""

    def __init__(self, kept: frozenset[str]) -> None:
        super().__init__()
        self.kept = kept
        self._runs = _changing()

    def canonical(self, text: str) -> str:
        """text.translate(self), but most characters of a message need no look-up."""
        return self._runs.sub(self._run, text)

    def _run(self, match: re.Match[str]) -> str:
        return match.group().translate(self)

    def __missing__(self, code: int) -> str:
        ch = chr(code)
        value = ch if ch in self.kept else canonical_char(ch)
        self[code] = value
        return value
