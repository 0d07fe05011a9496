"""Keys of the log, from the settings: none of them is in the database.

The first of each list is in use, the others still verify what they made. A bank that rotates the
signing key keeps the old one in the list, behind the new one.
"""

import base64
import hashlib
import hmac
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings


class KeyUnknown(Exception):
    """Nothing on this machine verifies what that key made."""


def _pairs(items: list[str]) -> dict[str, str]:
    return dict(item.split(":", 1) for item in items)


@cache
def _signing_key(seed: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed))


def chain_key_id() -> str:
    return next(iter(_pairs(settings.CHAIN_KEYS)))


def chain_mac(key_id: str, data: bytes) -> str:
    """HMAC-SHA256 in hex; raises KeyUnknown."""
    key = _pairs(settings.CHAIN_KEYS).get(key_id)
    if key is None:
        raise KeyUnknown(key_id)
    return hmac.new(key.encode(), data, hashlib.sha256).hexdigest()


def signing_key_id() -> str:
    return next(iter(_pairs(settings.SIGNING_KEYS)))


def _signer(key_id: str) -> Ed25519PrivateKey:
    seed = _pairs(settings.SIGNING_KEYS).get(key_id)
    if seed is None:
        raise KeyUnknown(key_id)
    return _signing_key(seed)


def sign(data: bytes) -> str:
    """Ed25519 signature of the key in use, in hex."""
    return _signer(signing_key_id()).sign(data).hex()


def signed(key_id: str, data: bytes, signature: str) -> bool:
    """Whether that key made the signature; raises KeyUnknown."""
    try:
        _signer(key_id).public_key().verify(bytes.fromhex(signature), data)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key(key_id: str) -> bytes:
    """The 32 bytes that outsiders need; raises KeyUnknown."""
    return _signer(key_id).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
