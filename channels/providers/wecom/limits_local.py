"""What one process counts alone: pauses always, calls while Redis is away."""

import threading
import time


class LocalCounts:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paused_until: dict[str, float] = {}
        self._levels: dict[str, tuple[float, float]] = {}

    def pause(self, path: str, seconds: float) -> None:
        self._paused_until[path] = time.monotonic() + seconds

    def paused(self, path: str) -> float:
        """Seconds until the endpoint may be called again, 0 when it may."""
        return max(0.0, self._paused_until.get(path, 0.0) - time.monotonic())

    def take(self, path: str, per_minute: int) -> tuple[str, float]:
        """("go", 0), or ("empty", seconds until there is a call left)."""
        if per_minute <= 0:
            return "go", 0.0
        burst, rate, now = max(per_minute / 2, 1.0), per_minute / 120, time.monotonic()
        with self._lock:
            level, at = self._levels.get(path, (burst, now))
            level = min(burst, level + (now - at) * rate)
            if level < 1:
                self._levels[path] = (level, now)
                return "empty", (1 - level) / rate
            self._levels[path] = (level - 1, now)
        return "go", 0.0
