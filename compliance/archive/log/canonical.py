"""The one byte form of facts: UTF-8 JSON, keys sorted, no spaces, no floats, text left as it came.

Evidence is not normalised: what was written with a combining accent stays so. A lone surrogate
cannot be UTF-8; it is written the way Python's "surrogatepass" writes it, and read back the same.
"""

import json
from typing import Any

from scrm.core.times import moment

__all__ = ["canonical", "encoded", "moment"]
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
)


def _checked(value: Any) -> Any:
    if isinstance(value, float):
        raise TypeError("floats have no canonical form; use an integer or a string")
    if isinstance(value, dict):
        return {str(key): _checked(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_checked(item) for item in value]
    return value


def canonical(value: Any) -> str:
    """Canonical JSON of dicts, lists, strings, integers, booleans and None; else TypeError."""
    return _ENCODER.encode(_checked(value))


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
