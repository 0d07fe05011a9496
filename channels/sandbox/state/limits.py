"""Frequency and concurrency limits per endpoint; in memory only, a restart forgives."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from channels.sandbox.errors import WeComError
from channels.sandbox.state.settings import Settings


@dataclass(slots=True)
class _Usage:
    minute: int = 0
    in_minute: int = 0
    hour: int = 0
    in_hour: int = 0
    blocked_until: float = 0.0


class Limits:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._usage: dict[str, _Usage] = {}
        self.in_flight: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()

    def count(self, path: str, now: float) -> None:
        """Raises 45009 or 45033. A blocked endpoint stays blocked for 60 s or 60 minutes."""
        self.calls[path] += 1
        usage = self._usage.get(path)
        if usage is None:
            usage = self._usage[path] = _Usage()
        self._roll(usage, int(now))
        if now < usage.blocked_until:
            raise WeComError(45009)
        usage.in_minute += 1
        usage.in_hour += 1
        self._block_when_over(path, usage, now)
        most = self._settings["concurrency"]
        if most and self.in_flight[path] > most:
            raise WeComError(45033)

    @staticmethod
    def _roll(usage: _Usage, now: int) -> None:
        if usage.minute != now // 60:
            usage.minute, usage.in_minute = now // 60, 0
        if usage.hour != now // 3600:
            usage.hour, usage.in_hour = now // 3600, 0

    def _block_when_over(self, path: str, usage: _Usage, now: float) -> None:
        archive = path.endswith("msgaudit/getchatdata")
        per_minute = self._settings["archive_per_minute" if archive else "per_minute"]
        per_hour = self._settings["per_hour"]
        if per_hour and usage.in_hour > per_hour:
            usage.blocked_until = now + 3600
        elif per_minute and usage.in_minute > per_minute:
            usage.blocked_until = now + 60
        else:
            return
        raise WeComError(45009)

    def forgive(self) -> None:
        self._usage.clear()
