"""The archive's RSA public keys by version, from a folder or the control API."""

from __future__ import annotations

import base64
import secrets
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from channels.sandbox import archive_cipher
from channels.sandbox.errors import ControlError
from channels.sandbox.state.store import Store

_RESCAN_SECONDS = 2.0


class ArchiveKeys:
    def __init__(self, store: Store, folder: Path | None) -> None:
        self._table = store.table("public_keys")
        self._folder = folder
        self._loaded: dict[int, rsa.RSAPublicKey] = {}
        self._scanned_at = float("-inf")
        for row in self._table.values():
            self._loaded[row["version"]] = load_key(row["pem"])

    def add(self, version: int, pem: str) -> None:
        self._loaded[version] = load_key(pem)
        self._table.put(str(version), {"version": version, "pem": pem})

    @property
    def versions(self) -> list[int]:
        self._scan()
        return sorted(self._loaded)

    def current(self) -> int:
        """The highest version, or 0 while there is none."""
        return max(self.versions, default=0)

    def seal(self, version: int, plain: str) -> tuple[str, str]:
        """(encrypt_random_key, encrypt_chat_msg)"""
        random_key = base64.b64encode(secrets.token_bytes(32)).decode()
        wrapped = self._loaded[version].encrypt(random_key.encode(), padding.PKCS1v15())
        return base64.b64encode(wrapped).decode(), archive_cipher.encrypt(random_key, plain)

    def _scan(self) -> None:
        """Look into the folder now and then: a rotation drops a new file while we run."""
        if self._folder is None or time.monotonic() - self._scanned_at < _RESCAN_SECONDS:
            return
        self._scanned_at = time.monotonic()
        for path in sorted(self._folder.glob("*.pem")):
            if path.stem.isdigit() and int(path.stem) not in self._loaded:
                self.add(int(path.stem), path.read_text())


def load_key(pem: str) -> rsa.RSAPublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError:
        raise ControlError("存档公钥不是 PEM 格式的公钥。") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != 2048:
        raise ControlError("存档公钥必须是 2048 位 RSA。")
    return key
