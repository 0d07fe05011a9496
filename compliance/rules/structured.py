"""Detectors with a check digit or a fixed form: ID number, bank card, one-time code in clear."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from compliance.rules.polarity import framed

_FOUR = re.compile(r"[0-9][ .]?[0-9][ .]?[0-9][ .]?[0-9]")  # cheap: what follows needs it
_QUICK = re.compile(r"(?:\d[ .]?){15}|[码令][^，。]{0,8}\d{4}")
_RUN = re.compile(r"\d(?:[ .\x01-]{0,3}\d){14,18}(?:[ .\x01-]{0,3}x)?")
_CODE = re.compile(
    r"(?:验证码|动态码|校验码|短信码|动态口令|交易密码|登录密码|取款密码|支付密码|密码)[^，。？\d]{0,4}?[:是为，]?(\d{4,8})(?![\d年月日元万%.])"
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class Detected(NamedTuple):
    rule_id: str
    category: str
    severity: int
    start: int
    end: int
    channel: str
    why: str


def id_number_ok(value: str) -> bool:
    """Checksum of an 18-character resident identity number, with a plausible birth date."""
    if not re.fullmatch(
        r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dx]", value
    ):
        return False
    total = sum(int(d) * w for d, w in zip(value[:17], _WEIGHTS, strict=True))
    return "10x98765432"[total % 11] == value[17]


def luhn_ok(value: str) -> bool:
    """Luhn check of a 16-19 digit card number with a card-scheme prefix."""
    if not re.fullmatch(r"(?:62|4|5[1-5]|3[4-7]|60|68|9)\d{13,18}", value) or len(value) < 16:
        return False
    digits = [int(d) for d in reversed(value)]
    return sum(d if i % 2 == 0 else d * 2 - 9 * (d > 4) for i, d in enumerate(digits)) % 10 == 0


def _folded(text: str, table: Mapping[int, str]) -> tuple[str, list[int]]:
    """Canonical characters with the offset of each: digits of any script become ASCII."""
    chars: list[str] = []
    at: list[int] = []
    for index, ch in enumerate(text):
        if mapped := table[ord(ch)]:
            chars.append(mapped)
            at.append(index)
    return "".join(chars), at


def numbers_in(plain: str) -> Iterator[int]:
    """Places with four digits in a row: without them there is nothing to detect."""
    return (found.start() for found in _FOUR.finditer(plain))


def structured(text: str, table: Mapping[int, str], plain: str) -> list[Detected]:
    """Numbers that must not stand in a chat; `plain` is the squeezed text for cheap tests."""
    if not _QUICK.search(plain):
        return []
    folded, at = _folded(text, table)
    found = [d for m in _RUN.finditer(folded) if (d := _number(m, at))]
    code = _CODE.search(folded)
    if code and not framed(plain) and not re.search(r"请勿|切勿|不要|勿|别", plain):
        why = "明文出现验证码或密码的数字。"
        start, end = at[code.start()], at[code.end() - 1] + 1
        found.append(Detected("ST-code", "credential", 4, start, end, "structured", why))
    return found


def _number(match: re.Match[str], at: list[int]) -> Detected | None:
    value = re.sub(r"[^\dx]", "", match.group())
    start, end = at[match.start()], at[match.end() - 1] + 1
    if id_number_ok(value[:18]):
        why = "明文出现通过校验的身份证号码。"
        return Detected("ST-id", "pii_leak", 3, start, end, "structured", why)
    if luhn_ok(value.rstrip("x")):
        why = "明文出现通过校验的银行卡号。"
        return Detected("ST-card", "pii_leak", 2, start, end, "structured", why)
    return None
