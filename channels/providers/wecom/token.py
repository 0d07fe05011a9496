"""One token or ticket per (corp, app) for all processes, refreshed by one of them at a time."""

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass

import redis
from cryptography.fernet import Fernet, InvalidToken

from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom.errcodes import error_of
from channels.providers.wecom.store import shared

_LOCK_SECONDS = 15
# A wrong secret is not tried again by everybody at once: WeCom blocks the address for an hour.
_REFUSAL_SECONDS = 10
_RELEASE = (
    "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) end return 0"
)


@dataclass(frozen=True, slots=True)
class _Held:
    token: str = ""
    until: float = 0.0
    # When it was fetched: a call refused before that has nothing to say about this token.
    at: float = 0.0


class TokenStore:
    """`fetch` asks WeCom and returns (token, lifetime in seconds)."""

    def __init__(
        self,
        corp_id: str,
        app: str,
        secret: str,
        fetch: Callable[[], tuple[str, int]],
        kind: str = "token",
    ) -> None:
        # No secret in a key name: only a digest that separates apps and secret changes.
        digest = hashlib.sha256(f"{corp_id}|{app}|{secret}".encode()).hexdigest()
        self.key = f"wecom:{kind}:{digest[:20]}"
        # Redis keeps it sealed under the app's secret, so that a copy of Redis opens nothing.
        sealing = hashlib.sha256(f"seal|{corp_id}|{app}|{secret}".encode()).digest()
        self._box = Fernet(base64.urlsafe_b64encode(sealing))
        self.fetch = fetch
        self._local = _Held()

    def get(self) -> str:
        """A token that holds by our clock. WeCom hands out the same one until it ends, so asking
        early is in vain; one that ended on the way is replaced by `refused`."""
        held = self._stored()
        return held.token if held.until > time.time() else self._refreshed("", time.time())

    def refused(self, token: str, since: float) -> str:
        """A call begun at `since` was refused with this token: returns a newer one, fetched at
        most once by anyone."""
        return self._refreshed(token, since)

    def _stored(self) -> _Held:
        try:
            raw = shared().get(self.key)
        except redis.RedisError:
            return self._local
        if raw is None:
            return _Held()
        try:
            return _Held(**json.loads(self._box.decrypt(raw)))  # type: ignore[arg-type]
        except (InvalidToken, ValueError, TypeError):
            return _Held()

    def _refreshed(self, stale: str, since: float) -> str:
        lock, mine = f"{self.key}:lock", uuid.uuid4().hex
        _wait_for(lock, mine)
        try:
            held = self._stored()
            if held.until > time.time() and (held.token != stale or held.at > since):
                return held.token
            return self._fetch_and_keep()
        finally:
            _release(lock, mine)

    def _fetch_and_keep(self) -> str:
        self._raise_recent_refusal()
        try:
            token, lifetime = self.fetch()
        except ProviderError as error:
            if error.kind is ErrorClass.CONFIGURATION and error.errcode:
                _quietly_set(f"{self.key}:refused", str(error.errcode), _REFUSAL_SECONDS)
            raise
        now = time.time()
        self._local = _Held(token, now + lifetime, now)
        sealed = self._box.encrypt(json.dumps(asdict(self._local)).encode())
        _quietly_set(self.key, sealed, lifetime)
        return token

    def _raise_recent_refusal(self) -> None:
        try:
            errcode = shared().get(f"{self.key}:refused")
        except redis.RedisError:
            return
        if errcode:
            raise error_of(int(errcode))  # type: ignore[arg-type]


def _wait_for(lock: str, mine: str) -> None:
    """Takes the lock; goes on without it when Redis is away or its holder outlives the lease."""
    deadline = time.monotonic() + _LOCK_SECONDS
    while not _taken(lock, mine) and time.monotonic() < deadline:
        time.sleep(0.05)


def _taken(lock: str, mine: str) -> bool:
    try:
        return bool(shared().set(lock, mine, nx=True, ex=_LOCK_SECONDS))
    except redis.RedisError:
        return True


def _release(lock: str, mine: str) -> None:
    try:
        shared().eval(_RELEASE, 1, lock, mine)
    except redis.RedisError:
        return  # Its lease ends by itself.


def _quietly_set(key: str, value: str | bytes, seconds: int) -> None:
    try:
        shared().set(key, value, ex=max(1, seconds))
    except redis.RedisError:
        return  # The next process asks WeCom itself and gets the same token.
