"""The sandbox's own cipher for `encrypt_chat_msg`.

WeCom's real cipher is not published, so nothing decrypted here proves anything about the vendor
library. The envelope around it is real: an RSA-2048 PKCS#1 v1.5 text key and a key version.
Both functions are pure; an archive driver may import `decrypt`.
"""

from __future__ import annotations

import base64
import hashlib
import secrets

import pybase64
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


def encrypt(random_key: str, plain: str) -> str:
    """base64(nonce + AES-256-GCM ciphertext with tag); the AES key is sha256(random_key)."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(_aes_key(random_key)).encrypt(nonce, plain.encode(), None)
    return base64.b64encode(nonce + sealed).decode()


def decrypt(random_key: str, cipher: str) -> str:
    """The message JSON as text. Raises ValueError for a wrong key or damaged data."""
    try:
        raw = pybase64.b64decode(cipher, validate=True)
        opened = AESGCM(_aes_key(random_key)).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None)
    except (InvalidTag, ValueError) as error:
        raise ValueError("archive record cannot be decrypted with this key") from error
    return opened.decode()


def _aes_key(random_key: str) -> bytes:
    return hashlib.sha256(random_key.encode()).digest()
