"""One access token per (corp, app) for all processes, refreshed by one of them at a time."""

import hashlib
import json
import time
import uuid
from collections.abc import Callable
from functools import cache

import redis
from django.conf import settings

_LOCK_SECONDS = 15
_RELEASE = (
    "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) end return 0"
)


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=2)


class TokenStore:
    """`fetch` calls gettoken and returns (token, lifetime in seconds)."""

    def __init__(self, corp_id: str, app: str, secret: str, fetch: Callable[[], tuple[str, int]]):
        # No secret in a key name: only a digest that separates apps and secret changes.
        digest = hashlib.sha256(f"{corp_id}|{app}|{secret}".encode()).hexdigest()[:20]
        self.key = f"wecom:token:{digest}"
        self.fetch = fetch
        self.local: tuple[str, float] = ("", 0.0)

    def get(self) -> str:
        token, until = self._stored()
        return token if until > time.time() + 60 else self._refreshed(token)

    def refused(self, token: str) -> str:
        """A call was refused with this token: returns a newer one, fetched at most once by anyone."""
        return self._refreshed(token)

    def _stored(self) -> tuple[str, float]:
        try:
            raw = _redis().get(self.key)
        except redis.RedisError:
            return self.local
        if raw is None:
            return ("", 0.0)
        value = json.loads(raw)
        return (value["token"], value["until"])

    def _refreshed(self, stale: str) -> str:
        try:
            return self._refresh_locked(stale)
        except redis.RedisError:
            return self._fetch_and_keep()

    def _refresh_locked(self, stale: str) -> str:
        lock, mine = f"{self.key}:lock", uuid.uuid4().hex
        deadline = time.monotonic() + _LOCK_SECONDS
        while not _redis().set(lock, mine, nx=True, ex=_LOCK_SECONDS):
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        try:
            token, until = self._stored()
            if token and token != stale and until > time.time():
                return token
            return self._fetch_and_keep()
        finally:
            _redis().eval(_RELEASE, 1, lock, mine)

    def _fetch_and_keep(self) -> str:
        token, lifetime = self.fetch()
        until = time.time() + lifetime
        self.local = (token, until)
        try:
            _redis().set(self.key, json.dumps({"token": token, "until": until}), ex=lifetime)
        except redis.RedisError:
            return token  # The next call asks again; WeCom then answers with the same token.
        return token
