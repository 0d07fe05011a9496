"""How many mass messages a customer may still receive. WeCom has changed this rule twice."""

from __future__ import annotations

import calendar
from datetime import timedelta

from channels.sandbox.core import Sandbox
from channels.sandbox.state.clock import day_start, in_china


def window(box: Sandbox) -> tuple[int, int]:
    """(start of the current counting period, receipts allowed in it)"""
    now = box.clock.now()
    local, rule = in_china(now), box.settings["receipt_cap"]
    if rule == "day1":
        return day_start(now), 1
    if rule == "week7":
        monday = local - timedelta(days=local.weekday())
        return day_start(monday.timestamp()), 7
    first = local.replace(day=1)
    return day_start(first.timestamp()), calendar.monthrange(local.year, local.month)[1]


class ReceiptBook:
    """Reserves receipts for one dispatch; the window is computed once, not per customer."""

    def __init__(self, box: Sandbox) -> None:
        self._table = box.table("receipts")
        self._now = box.clock.seconds()
        self._start, self._cap = window(box)
        self._unlimited = box.settings["receipt_cap"] == "none"

    def take(self, target: str) -> bool:
        """False when the target has already received its share."""
        row = self._table.get(target) or {"times": []}
        times = [moment for moment in row["times"] if moment >= self._start]
        if len(times) >= self._cap and not self._unlimited:
            return False
        # The cap's longest window is a month, so this many are always enough.
        self._table.put(target, {"times": [*times, self._now][-40:]})
        return True
