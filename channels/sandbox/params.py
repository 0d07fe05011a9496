"""Reading request parameters the way WeCom refuses them: 40063 when empty, 40058 when wrong."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from channels.sandbox.errors import WeComError
from channels.sandbox.types import Doc

T = TypeVar("T")


def need(body: Mapping[str, Any], name: str, code: int = 40063) -> Any:
    value = body.get(name)
    if value in (None, "", [], {}):
        raise WeComError(code, f"{name} is empty")
    return value


def need_text(body: Mapping[str, Any], name: str, code: int = 40063, longest: int = 0) -> str:
    value = need(body, name, code)
    return _checked_text(value, name, longest)


def text(body: Mapping[str, Any], name: str, longest: int = 0, default: str = "") -> str:
    """Optional text of at most `longest` characters."""
    value = body.get(name)
    return default if value is None else _checked_text(value, name, longest)


def _checked_text(value: object, name: str, longest: int) -> str:
    if not isinstance(value, str):
        raise WeComError(40058, f"{name} is not a string")
    if longest and len(value) > longest:
        raise WeComError(40058, f"{name} exceeds {longest} characters")
    return value


def bytes_at_most(value: str, name: str, longest: int, code: int = 40058) -> None:
    if len(value.encode()) > longest:
        raise WeComError(code, f"{name} exceeds {longest} bytes")


def text_list(body: Mapping[str, Any], name: str, most: int = 0, code: int = 40058) -> list[str]:
    """Optional list of strings of at most `most` items."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise WeComError(40058, f"{name} is not a list of strings")
    if most and len(value) > most:
        raise WeComError(code, f"{name} exceeds {most} items")
    return value


def integer(body: Mapping[str, Any], name: str, default: int = 0) -> int:
    """Query values come as text, body values must be numbers; both are accepted."""
    value = body.get(name)
    if value is None or value == "":
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise WeComError(40058, f"{name} is not a number") from None


def choice(body: Mapping[str, Any], name: str, allowed: Sequence[int], default: int) -> int:
    value = integer(body, name, default)
    if value not in allowed:
        raise WeComError(40058, f"{name} must be one of {list(allowed)}")
    return value


def limit(body: Mapping[str, Any], default: int, most: int) -> int:
    value = integer(body, "limit", default) or default
    if not 0 < value <= most:
        raise WeComError(40058, f"limit must be between 1 and {most}")
    return value


def page(
    items: Sequence[T], body: Mapping[str, Any], size: int, short: bool
) -> tuple[list[T], str]:
    """One page and the cursor of the next. With `short`, every third page is not full.

    Real pages may be short before the end, so a client must loop on the cursor.
    """
    start = _decode_cursor(text(body, "cursor"))
    taken = size
    if short and size > 1 and (start // size) % 3 == 1:
        taken = max(1, size * 2 // 3)
    end = start + taken
    cursor = _encode_cursor(end) if end < len(items) else ""
    return list(items[start:end]), cursor


def _encode_cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"cursor:{offset * 7919 + 13}".encode()).decode()


def _decode_cursor(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        mark, number = base64.urlsafe_b64decode(cursor).decode().split(":")
        offset, rest = divmod(int(number) - 13, 7919)
    except (binascii.Error, ValueError, UnicodeDecodeError):
        raise WeComError(40058, "invalid cursor") from None
    if mark != "cursor" or rest or offset < 0:
        raise WeComError(40058, "invalid cursor")
    return offset


def only(doc: Doc, *names: str) -> Doc:
    """The named keys of a row that are present."""
    return {name: doc[name] for name in names if name in doc}
