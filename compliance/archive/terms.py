"""What of a text can be searched: keyed hashes of neighbouring characters, never the text.

The hash is cut to 32 bits: that is plenty to narrow a search, whose results are read and compared
after decryption anyway, and says less to whoever holds the database without the key.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from operator import add
from typing import Any

import numpy as np
from django.conf import settings

HIDDEN = "▮"
# C3 of JR/T 0171: one-time codes, card check numbers and passwords are not searchable at all.
_CODE_WORDS = r"(?:验证码|校验码|动态码|动态密码|短信码|确认码|口令|otp|code)"
_SECRETS = (
    re.compile(
        rf"(?i)(?P<lead>{_CODE_WORDS}[^\d\n]{{0,12}})(?P<secret>\d(?:[ -]?\d){{3,7}})(?!\d)"
    ),
    re.compile(
        rf"(?i)(?P<lead>)(?<!\d)(?P<secret>\d(?:[ -]?\d){{3,7}})(?=[^\d\n]{{0,6}}{_CODE_WORDS})"
    ),
    re.compile(
        r"(?i)(?P<lead>(?:cvv2?|cvn2?|安全码|背面[^\d\n]{0,8}|[后末][三3]位)[^\d\n]{0,10})"
        r"(?P<secret>\d{3,4})(?!\d)"
    ),
    re.compile(
        r"(?i)(?P<lead>(?:密码|口令|pin|password|passwd|pwd)[^\w\n]{0,3}(?:就是|设的是|是|为|改成|改为)?[^\w\n]{0,3})"
        r"(?P<secret>[a-z0-9][\w!@#$%^&*.+-]{3,31})",
        re.ASCII,
    ),
    # The customer's bare answer to "tell me the code".
    re.compile(r"(?P<lead>^\s*)(?P<secret>\d(?:[ -]?\d){2,7})(?=\s*[。.!！]?\s*$)"),
)
# Full-width marks that stand in most messages, and what NFKC makes of them.
_MARKS = [(chr(ord(mark) + 0xFEE0), mark) for mark in ",.!?:;()"]
# A secret holds one of these and, but for the bare answer, stands beside one of those words: most
# messages need no closer look.
_LATIN = re.compile(r"[A-Za-z\d]")
_TELLS = ["码", "令", "背面", "三位", "3位", "otp", "code", "cvv", "cvn", "pin", "pass", "pwd"]
_BARE = _SECRETS[-1]
# No stored text has this character.
_BETWEEN = "\x00"
# Pairs do not reach over these: every fifth would hold a mark, and few look for one. What stands
# inside numbers, addresses and names of products stays.
_APART = f" \n{HIDDEN},。!?;、“”‘’()《》【】~"
_BLANKS = str.maketrans(dict.fromkeys(_APART, " "))
_GAPS = np.zeros(0x110000, np.bool_)
_GAPS[[ord(char) for char in _APART]] = True


def _narrowed(text: str) -> str:
    for wide, narrow in _MARKS:
        text = text.replace(wide, narrow)
    return text


def _folded(text: str) -> str:
    """NFKC. For the full-width marks alone it would take ten times as long as the rest here."""
    text = _narrowed(text)
    return text if unicodedata.is_normalized("NFKC", text) else unicodedata.normalize("NFKC", text)


def redacted(text: str) -> str:
    """The text with its secrets replaced, of the same length; for index, results and excerpts."""
    return _hidden(text, _folded(text))


def _hidden(text: str, folded: str) -> str:
    # Full-width digits hide nothing, but spans only carry over where the length stays the same.
    base = folded if len(folded) == len(text) else text
    spans = [match.span("secret") for pattern in _SECRETS for match in pattern.finditer(base)]
    for start, end in spans:
        text = f"{text[:start]}{HIDDEN * (end - start)}{text[end:]}"
    return text


def normal(text: str) -> str:
    """The form in which words are compared: width, case and runs of blanks do not matter."""
    return _evened(_folded(text))


def _evened(folded: str) -> str:
    return " ".join(folded.casefold().split())


class _Pairs(dict[str, int]):
    """Numbers of pairs under one key, worked out when first asked for."""

    _MOST = 400_000

    def __init__(self, secret: str) -> None:
        super().__init__()
        self.key = hashlib.sha256(f"archive pairs|{secret}".encode()).digest()

    def __missing__(self, pair: str) -> int:
        digest = hashlib.blake2b(pair.encode("utf-8", "surrogatepass"), key=self.key, digest_size=4)
        if len(self) >= self._MOST:
            self.clear()
        number = self[pair] = int.from_bytes(digest.digest(), "big", signed=True)
        return number


@lru_cache(maxsize=4)
def _pairs(secret: str) -> _Pairs:
    return _Pairs(secret)


def tokens(words: str) -> set[int]:
    """Of a normal text: one number per pair of neighbours."""
    number, found = _pairs(settings.INDEX_KEY).__getitem__, set[int]()
    for run in words.translate(_BLANKS).split(" "):
        found.update(map(number, map(add, run, run[1:])))
    return found


_Long = np.ndarray[Any, np.dtype[np.int64]]
Tokens = np.ndarray[Any, np.dtype[np.int32]]
_CHAR, _HALF = 21, 1 << 31


def tokens_of_many(texts: Sequence[str]) -> list[Tokens]:
    """The same of each searchable text, in ascending order: whole batches cost a quarter, and a
    GIN index need not sort."""
    # A searchable text has no line ends of its own.
    joined = "\n".join(texts).encode("utf-32-le", "surrogatepass")
    chars = np.frombuffer(joined, np.int32).astype(np.int64)
    text, gap = np.cumsum(chars == ord("\n")), _GAPS[chars]
    inside = ~(gap[:-1] | gap[1:])
    pairs = (chars[:-1] << _CHAR | chars[1:])[inside]
    known, place = np.unique(pairs, return_inverse=True)
    # The text first, then the number: each once, in order. (np.unique takes twenty times as long.)
    found = np.sort(text[:-1][inside] << 32 | _numbers(known)[place] + _HALF)
    found = found[np.diff(found, prepend=-1) != 0]
    ends = np.searchsorted(found >> 32, np.arange(len(texts) + 1)).tolist()
    numbers = ((found & 0xFFFFFFFF) - _HALF).astype(np.int32)
    return [numbers[start:end] for start, end in pairwise(ends)]


def _numbers(pairs: _Long) -> _Long:
    chars = np.column_stack([pairs >> _CHAR, pairs & (1 << _CHAR) - 1]).astype(np.int32)
    text = chars.tobytes().decode("utf-32-le", "surrogatepass")
    number = _pairs(settings.INDEX_KEY).__getitem__
    return np.array([number(text[at : at + 2]) for at in range(0, len(text), 2)], np.int64)


def searchable(text: str) -> str:
    """The normal form of the redacted text."""
    return _searchable(text, _folded(text))


def searchable_all(texts: Sequence[str]) -> list[str]:
    """The same of each; what most of them need is done to all at once."""
    narrow = _narrowed(_BETWEEN.join(texts)).split(_BETWEEN)
    if len(narrow) != len(texts):
        return [searchable(text) for text in texts]
    return [
        _searchable(text, one if unicodedata.is_normalized("NFKC", one) else _folded(one))
        for text, one in zip(texts, narrow, strict=True)
    ]


def _searchable(text: str, folded: str) -> str:
    even = _evened(folded)
    if _LATIN.search(folded) and (any(map(even.__contains__, _TELLS)) or _BARE.search(folded)):
        return normal(_hidden(text, folded))
    return even
