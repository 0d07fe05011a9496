"""Signature and cipher of WeCom's callbacks. Nothing is parsed before the signature holds."""

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings

from channels.providers.wecom.applications import application

_OPEN, _CLOSE = b"<Encrypt>", b"</Encrypt>"
_CDATA, _CDATA_END = b"<![CDATA[", b"]]>"
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]+")


class CallbackRefused(Exception):
    """Not a genuine, fresh callback for this corporation; the reason is for the log only."""


@dataclass(frozen=True, slots=True)
class Credentials:
    corp_id: str
    token: str
    aes_key: str


def credentials(corp_id: str, agent_id: str) -> Credentials | None:
    """Keys of the application that this callback address belongs to; None: not one of ours."""
    app = application(corp_id, agent_id)
    return Credentials(corp_id, app.callback_token, app.callback_aes_key) if app else None


@lru_cache(maxsize=64)
def _cipher(aes_key: str) -> Cipher[modes.CBC]:
    key = base64.b64decode(aes_key + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def _signature(who: Credentials, query: Mapping[str, str], encrypted: str) -> str:
    parts = [who.token, query.get("timestamp", ""), query.get("nonce", ""), encrypted]
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324


def _verify(who: Credentials, query: Mapping[str, str], encrypted: str) -> None:
    expected = _signature(who, query, encrypted)
    given = query.get("msg_signature", "")
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
        raise CallbackRefused("signature does not match")


def _fresh(query: Mapping[str, str]) -> None:
    try:
        age = abs(time.time() - int(query["timestamp"]))
    except (KeyError, ValueError):
        raise CallbackRefused("no timestamp") from None
    if age > settings.INBOX_MAX_AGE_SECONDS:
        raise CallbackRefused("timestamp is too old or in the future")


def _unpad(plain: bytes) -> bytes:
    count = plain[-1]
    if not 1 <= count <= 32 or plain[-count:] != bytes([count]) * count:
        raise CallbackRefused("padding is wrong")
    return plain[:-count]


def _decrypt(who: Credentials, encrypted: str) -> bytes:
    """16 random bytes | length, big-endian | message | corp id, in AES-256-CBC under its own key."""
    try:
        sealed = base64.b64decode(encrypted, validate=False)
        decryptor = _cipher(who.aes_key).decryptor()
        plain = decryptor.update(sealed) + decryptor.finalize()
    except ValueError:
        raise CallbackRefused("cipher text is malformed") from None
    content = _unpad(plain)[16:] if plain else b""
    length = int.from_bytes(content[:4], "big")
    if content[4 + length :] != who.corp_id.encode():
        raise CallbackRefused("made for another corporation")
    return content[4 : 4 + length]


def sealed_echo(who: Credentials, plain: str) -> dict[str, str]:
    """The query of a URL check as WeCom makes it; its answer must be `plain`."""
    message = plain.encode()
    content = secrets.token_bytes(16) + len(message).to_bytes(4, "big") + message
    content += who.corp_id.encode()
    missing = 32 - len(content) % 32
    encryptor = _cipher(who.aes_key).encryptor()
    sealed = encryptor.update(content + bytes([missing]) * missing) + encryptor.finalize()
    encrypted = base64.b64encode(sealed).decode()
    query = {"timestamp": str(int(time.time())), "nonce": secrets.token_hex(5)}
    return {**query, "msg_signature": _signature(who, query, encrypted), "echostr": encrypted}


def open_echo(who: Credentials, query: Mapping[str, str]) -> bytes:
    """Plain text that answers the URL check."""
    _verify(who, query, query.get("echostr", ""))
    return _decrypt(who, query.get("echostr", ""))


def open_message(who: Credentials, query: Mapping[str, str], body: bytes) -> bytes:
    """The decrypted inner XML of a callback; raises CallbackRefused."""
    encrypted = _encrypted(body)
    _verify(who, query, encrypted)
    _fresh(query)
    return _decrypt(who, encrypted)


def _encrypted(body: bytes) -> str:
    """The one element that is read before the signature is known: found, not parsed."""
    start = body.find(_OPEN) + len(_OPEN)
    end = body.find(_CLOSE, start)
    content = body[start:end].strip() if len(_OPEN) <= start <= end else b""
    if content.startswith(_CDATA) and content.endswith(_CDATA_END):
        content = content[len(_CDATA) : -len(_CDATA_END)]
    if not _BASE64.fullmatch(content):
        raise CallbackRefused("no Encrypt element")
    return content.decode("ascii")
