"""A text derived from the message, with the original span of each of its characters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from compliance.lexicon.chars import COMMA, NOISE, CharTable

LATIN_GAP = " "
MAX_NOISE = 3
# Single characters set off one by one by commas: the commas are decoration, not clause ends.
_LONE = re.compile(f"{COMMA}[^{COMMA}。\x01]{COMMA}")
# Letters and digits set off one by one (C V V): a word that was spaced out.
_LETTERS = re.compile(r"(?<![a-z\d])(?:[a-z\d] )+[a-z\d](?![a-z\d])")
_SINGLES = re.compile(r"(?<![^，。])([^，。\x01]，){2,}[^，。\x01](?![^，。])")


class Layer:
    """text[i] stands for original[starts[i]:ends[i]]; stage[i] names what made it ('' = as is)."""

    __slots__ = ("ends", "stage", "starts", "text")

    def __init__(self, text: str, starts: list[int], ends: list[int], stage: list[str]) -> None:
        self.text = text
        self.starts = starts
        self.ends = ends
        self.stage = stage

    def replaced(self, edits: Iterable[tuple[int, int, str]], stage: str) -> Layer:
        """A new layer with text[s:e] replaced for each non-overlapping, ascending edit."""
        text: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        stages: list[str] = []
        at = 0
        for s, e, new in edits:
            text.append(self.text[at:s])
            starts += self.starts[at:s] + [self.starts[s]] * len(new)
            ends += self.ends[at:s] + [self.ends[e - 1]] * len(new)
            stages += self.stage[at:s] + [stage] * len(new)
            text.append(new)
            at = e
        text.append(self.text[at:])
        return Layer(
            "".join(text),
            starts + self.starts[at:],
            ends + self.ends[at:],
            stages + self.stage[at:],
        )

    def span(self, start: int, end: int) -> tuple[int, int]:
        return self.starts[start], self.ends[end - 1]

    def changed(self, start: int, end: int) -> str:
        """The stage that produced a character of the span, or ''."""
        return next((stage for stage in self.stage[start:end] if stage), "")


def canonical_layer(original: str, table: CharTable) -> Layer:
    """The twin of `table.canonical`: same text, with offsets."""
    canon = table.canonical(original)
    if len(canon) == len(original):  # nothing is ever added, so nothing was lost
        return unmoved(canon)
    chars: list[str] = []
    at: list[int] = []
    for index, ch in enumerate(original):
        mapped = table[ord(ch)]
        if mapped:
            chars.append(mapped)
            at.append(index)
    return Layer("".join(chars), at, [i + 1 for i in at], [""] * len(at))


def unmoved(text: str) -> Layer:
    """A text whose characters stand where they stood in the message."""
    size = len(text)
    return Layer(text, list(range(size)), list(range(1, size + 1)), [""] * size)


class LazyLayer:
    """The plain layer without offsets until a hit needs them: most messages never do."""

    __slots__ = ("_build", "_layer", "text")

    def __init__(self, text: str, build: Callable[[], Layer]) -> None:
        self.text = text
        self._build = build
        self._layer: Layer | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        if self._layer is None:
            self._layer = self._build()
        return self._layer.span(start, end)

    def changed(self, start: int, end: int) -> str:
        return ""


AnyLayer = Layer | LazyLayer


class Squeezer:
    """Removes noise inside a clause; a run longer than three ends the clause instead."""

    def __init__(self, symbols: frozenset[str]) -> None:
        # Symbols with a meaning (emoji aliases) are noise here; the alias layer reads them first.
        self.symbols = symbols
        self.find = re.compile(_noise_class(symbols) + r"+|[.@]")
        marks = _mark_class(symbols)
        self.marks = re.compile(f"[{marks}]+")
        # Most noise is one mark behind a Chinese character, and found by its own letter.
        self.lone = re.compile(f"{NOISE}(?<=[^\\x00-\\x7f{marks}]{NOISE})(?![{marks}])")

    def fast(self, canon: str) -> str:
        canon = self.lone.sub("", canon)
        if self.marks.search(canon):
            canon = "".join(self._pieces(canon))
            if LATIN_GAP in canon:
                canon = _LETTERS.sub(lambda m: m.group().replace(LATIN_GAP, ""), canon)
        return _join_singles(canon)

    def _pieces(self, canon: str) -> Iterator[str]:
        """canon with each match of `find` replaced; `marks` finds the places ten times faster."""
        at = 0
        for place in self.marks.finditer(canon):
            for match in self.find.finditer(canon, *place.span()):
                yield canon[at : match.start()]
                yield _squeezed(match)
                at = match.end()
        yield canon[at:]

    def slow(self, layer: Layer) -> Layer:
        if self.marks.search(layer.text):
            edits = [(m.start(), m.end(), _squeezed(m)) for m in self.find.finditer(layer.text)]
            layer = layer.replaced(edits, "") if edits else layer
        if LATIN_GAP in layer.text:
            layer = _dropped(layer, _LETTERS, LATIN_GAP)
        return _dropped(layer, _SINGLES, COMMA) if _LONE.search(layer.text) else layer


def _noise_class(symbols: frozenset[str]) -> str:
    """A set with characters beyond the BMP is searched one by one, so they get a range test first."""
    near = NOISE + "".join(sorted(s for s in symbols if s < "\U00010000"))
    far = "".join(sorted(s for s in symbols if s >= "\U00010000"))
    tail = f"|(?=[\U00010000-\U0010ffff])[{re.escape(far)}]" if far else ""
    return f"(?:[{re.escape(near)}]{tail})"


def _mark_class(symbols: frozenset[str]) -> str:
    """What to put into one plain set around everything that `find` may match."""
    near = NOISE + ".@" + "".join(sorted(s for s in symbols if s < "\U00010000"))
    return f"{re.escape(near)}\U00010000-\U0010ffff"


def _is_han(ch: str) -> bool:
    return "\u4e00" <= ch <= "\u9fff"


def _squeezed(match: re.Match[str]) -> str:
    run = match.group()
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    if run == ".":
        return "." if before.isdigit() and after.isdigit() else ""
    if run == "@":
        # Between two Chinese characters it is no mail address; a mention keeps its mark.
        return "" if _is_han(before) and _is_han(after) else "@"
    if len(run) > MAX_NOISE:
        return COMMA
    joins_latin = before.isascii() and after.isascii() and before.isalnum() and after.isalnum()
    return LATIN_GAP if joins_latin else ""


def _join_singles(text: str) -> str:
    # The cheap search has a literal prefix; the full one tries every position.
    if not _LONE.search(text):
        return text
    return _SINGLES.sub(lambda m: m.group().replace(COMMA, ""), text)


def _dropped(layer: Layer, where: re.Pattern[str], mark: str) -> Layer:
    edits = [
        (m.start() + i, m.start() + i + 1, "")
        for m in where.finditer(layer.text)
        for i, ch in enumerate(m.group())
        if ch == mark
    ]
    return layer.replaced(edits, "") if edits else layer
