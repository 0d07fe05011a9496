"""What stands around a hit or inside it, and whether the hit is a word there at all."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from compliance.lexicon.chars import t2s_pairs
from compliance.lexicon.layers import AnyLayer
from compliance.lexicon.segment import spans_two_words

_HAN = "\u3400-\u9fff"
_WIDE = "０-９Ａ-Ｚａ-ｚ"
_QUOTES = "，。、！？,!?;；:：“”‘’（）()《》【】%.'\"\\[\\]{}<>「」『』〔〕"
# What people set between two words (我的—设置, 存款/理财) or times: odd only beside one character.
_LINKS = r"\-~—～/…+@·&"
_TIMES = "一二三四五六七八九十年月日号"


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


@cache
def _hiding() -> re.Pattern[str]:
    unseen = "".join(chr(n) for n in range(0x20000) if unicodedata.category(chr(n)) == "Cf")
    lone = f"(?<![{_HAN}])[{_HAN}](?<![{_TIMES}])"
    return re.compile(
        f"[{''.join(t2s_pairs())}{_WIDE}]"
        f"|(?<=\\w)[{unseen}]+(?=\\w)"
        f"|(?<=[{_HAN}])[^\\w\\s{_QUOTES}{_LINKS}{unseen}]+(?=[{_HAN}])"
        f"|{lone}[{_LINKS}](?=[{_HAN}])|(?<=[{_HAN}])[{_LINKS}](?![{_TIMES}])[{_HAN}](?![{_HAN}])"
        f"|(?<!\\w)[{_HAN}]\\s+[{_HAN}](?!\\w)"
    )


def hides(written: str) -> bool:
    """Whether the writing itself keeps machines from reading: invisible characters or marks inside
    words, characters set apart, wide letters, traditional characters in a mainland chat. Each may
    be innocent, none is usual, so what is said this way is doubted sooner."""
    return _hiding().search(written) is not None
