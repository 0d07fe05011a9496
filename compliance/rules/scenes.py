"""Scenes: word classes that stand in one sentence in any order, the way people really talk.

A clause pattern fixes the order of its words; a scene only asks who, what and whereto are all
named close together. The groups of a scene never share a character, and one that lies further
than REACH from the rarest group does not count.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

REACH = 22
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Scene:
    """`groups` must all be met, `never` must not stand anywhere in the sentence."""

    groups: tuple[re.Pattern[str], ...]
    never: re.Pattern[str] | None

    def matches(self, text: str, start: int, end: int) -> Iterator[list[Span]]:
        """The words of each meeting of all groups in the sentence text[start:end]."""
        found: list[list[Span]] = []
        for group in self.groups:
            spans = [m.span() for m in group.finditer(text, start, end)]
            if not spans:
                return
            found.append(spans)
        yield from self._tight(text, found)

    def _tight(self, text: str, found: list[list[Span]]) -> Iterator[list[Span]]:
        found.sort(key=len)
        for anchor in found[0]:
            chosen = _near(anchor, found[1:])
            if not chosen:
                continue
            left, right = min(s for s, _ in chosen), max(e for _, e in chosen)
            if not self.never or not self.never.search(text, *_around(text, left, right)):
                yield chosen


def _around(text: str, left: int, right: int) -> Span:
    """The sentence of the span, cut at REACH: a guard far away in a long text is no guard."""
    start = max(text.rfind("。", 0, left) + 1, left - REACH)
    end = text.find("。", right)
    return start, min(len(text) if end < 0 else end, right + REACH)


def _near(anchor: Span, others: list[list[Span]]) -> list[Span]:
    """One span per group beside `anchor`, the nearest that overlaps no other; [] without."""
    chosen = [anchor]
    for spans in others:
        low = bisect_left(spans, (anchor[0] - REACH, 0))
        high = bisect_left(spans, (anchor[1] + REACH, 0))
        free = [s for s in spans[low:high] if all(s[1] <= c[0] or s[0] >= c[1] for c in chosen)]
        if not free:
            return []
        chosen.append(min(free, key=lambda s: max(anchor[0] - s[1], s[0] - anchor[1])))
    return chosen
