"""Field encryption and blind indexes.

A stored value is "key-id.base64(nonce | ciphertext | tag)": AES-256-GCM with the column's name as
associated data, so a ciphertext moved to another column does not decrypt. The blind index is a
truncated HMAC under its own key; it finds equal values and nothing else.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass

import pybase64
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE = 12


class DecryptionFailed(Exception):
    """The stored value does not belong to this column or its key is missing."""


@dataclass(slots=True)
class _Ring:
    """The setting and the keys it gave, replaced as one. Hashing the setting for a cache would cost
    every field as much as AES does."""

    held: tuple[list[str], dict[str, AESGCM]] = ([], {})


_ring = _Ring()


def _keys() -> dict[str, AESGCM]:
    spec, keys = _ring.held
    if spec != settings.FIELD_KEYS:
        pairs = (item.split(":", 1) for item in settings.FIELD_KEYS)
        keys = {key_id: AESGCM(base64.b64decode(key)) for key_id, key in pairs}
        _ring.held = (list(settings.FIELD_KEYS), keys)
    return keys


def encrypt(value: str, column: str) -> str:
    return encrypt_all([(value, column)])[0]


def encrypt_all(items: Iterable[tuple[str, str]]) -> list[str]:
    """Of each (value, column): together they cost less than one by one."""
    key_id, key = next(iter(_keys().items()))
    pairs, seal = list(items), key.encrypt
    random, stored = os.urandom(_NONCE * len(pairs)), []
    for number, (value, column) in enumerate(pairs):
        nonce = random[_NONCE * number : _NONCE * (number + 1)]
        sealed = nonce + seal(nonce, value.encode("utf-8", "surrogatepass"), column.encode())
        stored.append(f"{key_id}.{pybase64.b64encode_as_string(sealed)}")
    return stored


def decrypt(stored: str, column: str) -> str:
    (plain,) = decrypt_all([(stored, column)])
    return plain.decode("utf-8", "surrogatepass")


def decrypt_all(values: Iterable[tuple[str, str]]) -> list[bytes]:
    """Many (stored value, column), as the bytes that they were sealed as; one bad value fails all.

    Raises DecryptionFailed, or ValueError for what is not base64."""
    keys, found = _keys(), []
    for stored, column in values:
        key_id, _, body = stored.partition(".")
        if key_id not in keys:
            raise DecryptionFailed(f"{column}: unknown key {key_id!r}")
        blob = pybase64.b64decode(body, validate=True)
        try:
            found.append(keys[key_id].decrypt(blob[:_NONCE], blob[_NONCE:], column.encode()))
        except InvalidTag:
            raise DecryptionFailed(f"{column}: value does not authenticate") from None
    return found


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
