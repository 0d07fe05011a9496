"""What of a text can be searched: keyed hashes of neighbouring characters, never the text.

The hash is cut to 32 bits: that is plenty to narrow a search, whose results are read and compared
after decryption anyway, and says less to whoever holds the database without the key.
"""

import hashlib
import re
import unicodedata
from functools import lru_cache
from operator import add

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
# Every secret above holds one of these: most messages need no closer look.
_LATIN = re.compile(r"[A-Za-z\d]")
_MAY_HIDE = re.compile(r"(?ai:[a-z0-9][\w!@#$%^&*.+-]{3})|\d[ -]?\d")


def _folded(text: str) -> str:
    """NFKC. For the full-width marks alone it would take ten times as long as the rest here."""
    for wide, narrow in _MARKS:
        text = text.replace(wide, narrow)
    return text if unicodedata.is_normalized("NFKC", text) else unicodedata.normalize("NFKC", text)


def redacted(text: str) -> str:
    """The text with its secrets replaced, of the same length; for index, results and excerpts."""
    folded = _folded(text)
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
    """Of a normal text: one number per pair of neighbours; pairs do not reach over a blank."""
    number, found = _pairs(settings.INDEX_KEY).__getitem__, set[int]()
    for run in words.replace(HIDDEN, " ").split(" "):
        found.update(map(number, map(add, run, run[1:])))
    return found


def searchable(text: str) -> str:
    """The normal form of the redacted text."""
    folded = _folded(text)
    if _LATIN.search(folded) and _MAY_HIDE.search(folded):
        return normal(redacted(text))
    return _evened(folded)
