"""The one clock of the simulated corp; every expiry asks it, so a test can skip a day."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from channels.sandbox.state.store import Store


def _china() -> timezone | ZoneInfo:
    try:
        return ZoneInfo("Asia/Shanghai")
    except ZoneInfoNotFoundError:
        return timezone(timedelta(hours=8))


CHINA = _china()


class Clock:
    def __init__(self, store: Store) -> None:
        self._table = store.table("clock")
        self._row = self._table.get("clock") or self._table.put("clock", {"offset": 0.0})

    @property
    def offset(self) -> float:
        return float(self._row["offset"])

    def move_to(self, offset: float) -> None:
        self._row["offset"] = float(offset)
        self._table.save("clock")

    def now(self) -> float:
        return time.time() + self.offset

    def seconds(self) -> int:
        return int(self.now())

    def millis(self) -> int:
        return int(self.now() * 1000)


def in_china(moment: float) -> datetime:
    """WeCom's days and months are Chinese ones, whatever the server's zone."""
    return datetime.fromtimestamp(moment, UTC).astimezone(CHINA)


def day_start(moment: float) -> int:
    local = in_china(moment)
    return int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())
