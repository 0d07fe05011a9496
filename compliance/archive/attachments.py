"""Which files a record names, nested ones included. Pure functions."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_MAX_NESTING = 6
_MOST = 200


@dataclass(frozen=True, slots=True)
class Attachment:
    kind: str
    sdkfileid: str
    md5: str
    name: str


def attachments(body: str, msgtype: str) -> list[Attachment]:
    """In the order in which they stand; a record that is no JSON names none."""
    # Cheap answer for the many: nested records keep the word, only its quotes are escaped.
    if "sdkfileid" not in body:
        return []
    try:
        record = json.loads(body, strict=False)
    except ValueError:
        return []
    return list(_found(record, msgtype, 0))[:_MOST]


def _found(value: Any, kind: str, depth: int) -> Iterator[Attachment]:
    if depth > _MAX_NESTING:
        return
    if isinstance(value, list):
        for item in value:
            yield from _found(item, kind, depth)
    elif isinstance(value, dict):
        own = value.get("sdkfileid")
        if isinstance(own, str) and own:
            yield _attachment(value, kind)
        inner = str(value.get("type") or kind).removeprefix("ChatRecord").lower()
        for name, part in value.items():
            yield from _found(_opened(part), inner if name == "content" else kind, depth + 1)


def _opened(part: Any) -> Any:
    """Parts of mixed messages and forwarded records are JSON in a string."""
    if isinstance(part, str) and "sdkfileid" in part:
        try:
            return json.loads(part, strict=False)
        except ValueError:
            return None
    return part


def _attachment(value: dict[str, Any], kind: str) -> Attachment:
    name = str(value.get("filename") or "")
    md5 = str(value.get("md5sum") or "").lower()
    return Attachment(kind[:30], str(value["sdkfileid"]), md5[:32], name[:200])
