"""Signing and encrypting callbacks exactly as WeCom does (AES-256-CBC, 32-byte padding)."""

from __future__ import annotations

import base64
import hashlib
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32


def signature(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    joined = "".join(sorted([token, timestamp, nonce, encrypted]))
    return hashlib.sha1(joined.encode()).hexdigest()  # noqa: S324  (WeCom chose it)


def encrypt(aes_key: str, corp_id: str, message: str, prefix: bytes | None = None) -> str:
    """16 random bytes + length + message + corp id, padded, encrypted, base64."""
    key = base64.b64decode(aes_key + "=")
    body = message.encode()
    head = (prefix or secrets.token_bytes(16)) + struct.pack(">I", len(body))
    encryptor = _cipher(key).encryptor()
    padded = _pad(head + body + corp_id.encode())
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def decrypt(aes_key: str, encrypted: str) -> tuple[str, str]:
    """(message, receive id). Raises ValueError when the text was not made with this key."""
    key = base64.b64decode(aes_key + "=")
    decryptor = _cipher(key).decryptor()
    padded = decryptor.update(base64.b64decode(encrypted)) + decryptor.finalize()
    plain = padded[: -padded[-1]]
    if len(plain) < 20:
        raise ValueError("callback text too short")
    (length,) = struct.unpack(">I", plain[16:20])
    return plain[20 : 20 + length].decode(), plain[20 + length :].decode()


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def _pad(data: bytes) -> bytes:
    missing = _BLOCK - len(data) % _BLOCK
    return data + bytes([missing]) * missing
