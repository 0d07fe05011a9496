"""What stands around a hit or inside it, and whether the hit is a word there at all."""

from __future__ import annotations

import unicodedata

from compliance.lexicon.layers import AnyLayer
from compliance.lexicon.segment import spans_two_words


def is_accident(text: str, start: int, end: int) -> bool:
    """A short word that only arises where two others meet (古代|签字)."""
    return 1 < end - start < 4 and not text[start].isascii() and spans_two_words(text, start, end)


def whole_latin(text: str, start: int, end: int) -> bool:
    """A Latin word must not be a part of a longer one."""
    word = text[start:end]
    if not word[0].isascii() and not word[-1].isascii():
        return True
    sides = (
        text[start - 1 : start] if word[0].isascii() else "",
        text[end : end + 1] if word[-1].isascii() else "",
    )
    return not any(c and c.isascii() and c.isalpha() for c in sides)


def decorated(layer: AnyLayer, start: int, end: int, original: str) -> bool:
    """Symbols or emoji stand inside the word. Blanks and invisible characters do not count:
    they come with pasted text and with whole messages typed with spaces."""
    left, right = layer.span(start, end)
    return any(
        unicodedata.category(ch)[0] in "SP" and ch not in "，。、！？,!?;；:："
        for ch in original[left:right]
    )
