"""Field encryption and blind indexes.

A stored value is "key-id.base64(nonce | ciphertext | tag)": AES-256-GCM with the column's name as
associated data, so a ciphertext moved to another column does not decrypt. The blind index is a
truncated HMAC under its own key; it finds equal values and nothing else.
"""

import base64
import hashlib
import hmac
import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings


class DecryptionFailed(Exception):
    """The stored value does not belong to this column or its key is missing."""


@cache
def _keyring(spec: tuple[str, ...]) -> dict[str, AESGCM]:
    pairs = (item.split(":", 1) for item in spec)
    return {key_id: AESGCM(base64.b64decode(key)) for key_id, key in pairs}


def _keys() -> dict[str, AESGCM]:
    return _keyring(tuple(settings.FIELD_KEYS))


def encrypt(value: str, column: str) -> str:
    key_id, key = next(iter(_keys().items()))
    nonce = os.urandom(12)
    sealed = key.encrypt(nonce, value.encode("utf-8", "surrogatepass"), column.encode())
    return f"{key_id}.{base64.b64encode(nonce + sealed).decode()}"


def decrypt(stored: str, column: str) -> str:
    key_id, _, body = stored.partition(".")
    key = _keys().get(key_id)
    if key is None:
        raise DecryptionFailed(f"{column}: unknown key {key_id!r}")
    blob = base64.b64decode(body)
    try:
        return key.decrypt(blob[:12], blob[12:], column.encode()).decode("utf-8", "surrogatepass")
    except InvalidTag:
        raise DecryptionFailed(f"{column}: value does not authenticate") from None


def blind_index(value: str, column: str) -> str:
    """64 bits of HMAC-SHA256 in hex; empty for an empty value."""
    if not value:
        return ""
    message = f"{column}|{value}".encode()
    return hmac.new(settings.INDEX_KEY.encode(), message, hashlib.sha256).hexdigest()[:16]


def phone_canonical(value: str) -> str:
    """Digits of a mainland number without country code: "+86 138-0000-0000" → "13800000000"."""
    digits = "".join(ch for ch in value if ch.isdigit())
    return digits[2:] if len(digits) == 13 and digits.startswith("86") else digits


def phone_index(value: str) -> str:
    return blind_index(phone_canonical(value), "phone")
