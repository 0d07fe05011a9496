"""Callbacks waiting to be sent and the recent ones, kept over a restart.

row: {id, event, change_type, xml, status, attempts:[{at, status, ms}], created}
status: pending | ok | failed (three tries) | skipped (no callback URL)
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from xml.sax.saxutils import escape

from channels.sandbox.config import Config
from channels.sandbox.state.clock import Clock
from channels.sandbox.state.store import Store
from channels.sandbox.types import Doc

_KEEP = 1000


class CallbackOutbox:
    def __init__(self, store: Store, clock: Clock, config: Config) -> None:
        self._table = store.table("callbacks")
        self._clock = clock
        self._config = config
        self.queue: asyncio.Queue[str] = asyncio.Queue()
        self.counts: Counter[str] = Counter()
        self._last = max((int(key) for key in self._table), default=0)
        for key, row in sorted(self._table.rows.items()):
            self.counts[row["status"]] += 1
            if row["status"] == "pending":
                self.queue.put_nowait(key)

    def add(self, event: str, change_type: str, fields: Mapping[str, object]) -> Doc:
        self._last += 1
        key = f"{self._last:012d}"
        status = "pending" if self._config.callback_url else "skipped"
        row: Doc = {
            "id": self._last, "event": event, "change_type": change_type,
            "xml": self._inner_xml(event, change_type, fields), "status": status,
            "attempts": [], "created": self._clock.seconds(),
        }  # fmt: skip
        self._table.put(key, row)
        self.counts[status] += 1
        if status == "pending":
            self.queue.put_nowait(key)
        if len(self._table) > 2 * _KEEP:
            self._forget_old()
        return row

    def _forget_old(self) -> None:
        for key, row in list(self._table.rows.items())[:-_KEEP]:
            if row["status"] != "pending":
                self._table.drop(key)

    def forget(self) -> None:
        """Events of a world that is gone must not arrive in the new one."""
        self._table.clear()
        self.counts.clear()

    def get(self, key: str) -> Doc | None:
        return self._table.get(key)

    def finish(self, key: str, status: str) -> None:
        row = self._table.rows[key]
        self.counts[row["status"]] -= 1
        self.counts[status] += 1
        row["status"] = status
        self._table.save(key)

    def note_attempt(self, key: str, status: int | str, milliseconds: int) -> int:
        """Number of tries so far."""
        row = self._table.rows[key]
        row["attempts"].append({"at": self._clock.seconds(), "status": status, "ms": milliseconds})
        self._table.save(key)
        return len(row["attempts"])

    def recent(self, limit: int = 100) -> list[Doc]:
        return list(self._table.values())[-limit:][::-1]

    @property
    def pending(self) -> int:
        return self.counts["pending"]

    def _inner_xml(self, event: str, change_type: str, fields: Mapping[str, object]) -> str:
        head: dict[str, object] = {
            "ToUserName": self._config.corp_id, "FromUserName": "sys",
            "CreateTime": self._clock.seconds(), "MsgType": "event", "Event": event,
        }  # fmt: skip
        if change_type:
            head["ChangeType"] = change_type
        return f"<xml>{_elements({**head, **fields})}</xml>"


def _elements(fields: Mapping[str, object]) -> str:
    return "".join(_element(name, value) for name, value in fields.items() if value is not None)


def _element(name: str, value: object) -> str:
    """Numbers bare, texts in CDATA, mappings nested, lists as repeated children."""
    if isinstance(value, Mapping):
        return f"<{name}>{_elements(value)}</{name}>"
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    if isinstance(value, int | float):
        return f"<{name}>{value}</{name}>"
    text = str(value)
    # A CDATA section cannot hold its own end mark.
    inner = escape(text) if "]]>" in text else f"<![CDATA[{text}]]>"
    return f"<{name}>{inner}</{name}>"
