"""How often and how much at once each endpoint may be called, counted over all processes.

Redis holds the counts. Without it every process goes by a count of its own: calls that may be too
many are better than none, and WeCom's own 45009 still pauses them.
"""

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import redis
from django.conf import settings

from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom.limits_local import LocalCounts
from channels.providers.wecom.limits_script import ENTER
from channels.providers.wecom.store import shared

logger = logging.getLogger(__name__)
TOO_OFTEN, TOO_PARALLEL = 45009, 45033
# Longer than any call takes: the slot of a killed process comes free after this.
_SLOT_SECONDS = 120
_REDIS_REST_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Ticket:
    """Answer to "may I call?": go, paused, empty (bucket) or busy (too many at once)."""

    verdict: str
    wait: float = 0.0
    at_ms: int = 0
    allowed: int = 0
    slot: str = ""


class Passage:
    """One permitted call; told the errcode, it makes the rest of the bank behave."""

    def __init__(self, limits: "Limits", path: str, ticket: Ticket) -> None:
        self.limits, self.path, self.ticket = limits, path, ticket

    def answered(self, errcode: int) -> None:
        if errcode == TOO_OFTEN:
            self.limits.pause(self.path)
        elif errcode == TOO_PARALLEL:
            self.limits.lower(self.path, self.ticket)


def _per_minute(path: str) -> int:
    own = settings.WECOM_CALLS_PER_MINUTE_OF.get(path)
    return int(settings.WECOM_CALLS_PER_MINUTE if own is None else own)


def _rules(path: str) -> list[tuple[str, int, int]]:
    """(whose, calls, seconds) that hold for one endpoint."""
    rules = [
        ("corp", _per_minute(path), 60),
        ("corp", settings.WECOM_CALLS_PER_HOUR, 3600),
        ("ip", settings.WECOM_IP_CALLS_PER_MINUTE, 60),
        ("ip", settings.WECOM_IP_CALLS_PER_HOUR, 3600),
    ]
    return [rule for rule in rules if rule[1] > 0]


def bucket(calls: int, seconds: int) -> tuple[float, float]:
    """(burst, refill per second): burst and refill together never exceed `calls` in any window."""
    return max(calls / 2, 1.0), calls / 2 / seconds


class Limits:
    def __init__(self, corp_id: str) -> None:
        self.corp_id = corp_id
        self.local = LocalCounts()
        self._redis_away_until = 0.0
        self._told = threading.Lock()
        self._away = False

    @contextmanager
    def passing(self, path: str) -> Iterator[Passage]:
        """Waits a moment for its turn; raises ProviderError without any request if none comes."""
        ticket = self._enter(path)
        try:
            yield Passage(self, path, ticket)
        finally:
            self._leave(path, ticket)

    def _enter(self, path: str) -> Ticket:
        deadline = time.monotonic() + settings.WECOM_LIMIT_WAIT_SECONDS
        while True:
            ticket = self._ask(path)
            if ticket.verdict == "go":
                return ticket
            if ticket.verdict == "paused" or time.monotonic() + ticket.wait > deadline:
                raise _refusal(ticket)
            time.sleep(ticket.wait)

    def _ask(self, path: str) -> Ticket:
        local = self.local.paused(path)
        if local:
            return Ticket("paused", local)
        if time.monotonic() >= self._redis_away_until:
            try:
                ticket = self._ask_redis(path)
            except redis.RedisError as error:
                self._redis_failed(error)
            else:
                self._redis_works()
                return ticket
        return Ticket(*self.local.take(path, _per_minute(path)))

    def _ask_redis(self, path: str) -> Ticket:
        slot = uuid.uuid4().hex
        rules = _rules(path)
        keys = [self._key(path, part) for part in ("pause", "slots", "parallel")]
        keys += [self._bucket_key(path, whose, seconds) for whose, _, seconds in rules]
        numbers: list[float] = [number for rule in rules for number in bucket(rule[1], rule[2])]
        arguments: list[str | float] = [
            slot,
            settings.WECOM_PARALLEL_CALLS,
            settings.WECOM_PARALLEL_RECOVERY_SECONDS * 1000,
            _SLOT_SECONDS * 1000,
            *numbers,
        ]
        answer = shared().eval(ENTER, len(keys), *keys, *arguments)
        verdict, wait_ms, at_ms, allowed = answer  # type: ignore[misc]
        return Ticket(verdict.decode(), wait_ms / 1000, at_ms, allowed, slot)

    def _leave(self, path: str, ticket: Ticket) -> None:
        if not ticket.slot:
            return
        try:
            shared().zrem(self._key(path, "slots"), ticket.slot)
        except redis.RedisError as error:
            self._redis_failed(error)

    def pause(self, path: str) -> None:
        """WeCom counted too many calls: nobody calls this endpoint until its window has passed."""
        seconds = settings.WECOM_PAUSE_SECONDS
        logger.warning("endpoint %s is paused for %s seconds", path, seconds)
        self.local.pause(path, seconds)
        try:
            shared().set(self._key(path, "pause"), "1", px=max(1, int(seconds * 1000)))
        except redis.RedisError as error:
            self._redis_failed(error)

    def lower(self, path: str, ticket: Ticket) -> None:
        """Halves what may run at once. Refused together, calls halve it once: they set one value."""
        allowed = max(1, (ticket.allowed or settings.WECOM_PARALLEL_CALLS) // 2)
        logger.warning("endpoint %s is lowered to %s parallel calls", path, allowed)
        try:
            key = self._key(path, "parallel")
            shared().hset(key, mapping={"allowed": allowed, "at": ticket.at_ms})
            shared().expire(key, 24 * 3600)
        except redis.RedisError as error:
            self._redis_failed(error)

    def paused(self) -> list[str]:
        """Endpoints that are paused now; raises redis.RedisError."""
        start, end = f"wecom:limit:{self.corp_id}:", ":pause"
        names = (key.decode() for key in shared().scan_iter(match=f"{start}*{end}"))
        return sorted(name.removeprefix(start).removesuffix(end) for name in names)

    def _key(self, path: str, part: str) -> str:
        return f"wecom:limit:{self.corp_id}:{path}:{part}"

    def _bucket_key(self, path: str, whose: str, seconds: int) -> str:
        owner = self.corp_id if whose == "corp" else f"ip:{settings.WECOM_EGRESS}"
        return f"wecom:limit:{owner}:{path}:{seconds}"

    def _redis_failed(self, error: redis.RedisError) -> None:
        self._redis_away_until = time.monotonic() + _REDIS_REST_SECONDS
        with self._told:
            first, self._away = not self._away, True
        if first:
            logger.error("limits count per process, Redis is away: %s", type(error).__name__)

    def _redis_works(self) -> None:
        if self._away:
            self._away = False
            logger.info("limits are shared again")


def _refusal(ticket: Ticket) -> ProviderError:
    if ticket.verdict == "busy":
        text = "同时调用该接口的请求已满，稍后自动重试。"
        return ProviderError(text, ErrorClass.TRANSIENT, errcode=TOO_PARALLEL)
    seconds = max(1, round(ticket.wait))
    text = f"接口调用频率已到上限，约 {seconds} 秒后继续。"
    return ProviderError(text, ErrorClass.RATE, errcode=TOO_OFTEN)
