"""The archive's RSA private keys: <publickey_ver>.pem, old versions kept for ever.

No ORM here at import: the helper processes of unwrap.py read the same files.
"""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pybase64
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_SCHEME = padding.PKCS1v15()


class KeyMissing(Exception):
    """No usable private key of that version on this machine: a matter of configuration."""


@cache
def _load(folder: str, version: int) -> rsa.RSAPrivateKey:
    path = Path(folder) / f"{version}.pem"
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise KeyMissing(f"缺少第 {version} 版私钥") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyMissing(f"第 {version} 版私钥不是 RSA 私钥")
    return key


@cache
def _known() -> dict[str, set[tuple[str, int]]]:
    """Folder → its files and their times when they were last looked at."""
    return {}


def renew(folder: str) -> None:
    """Forgets the keys when a file of the folder was replaced; asked once a batch."""
    try:
        files = {(item.name, item.stat().st_mtime_ns) for item in os.scandir(folder)}
    except OSError:
        files = set()
    if _known().setdefault(folder, files) != files:
        _known()[folder] = files
        _load.cache_clear()


def opener(folder: str, version: int) -> Callable[[bytes], bytes]:
    """Opens what was sealed for that key version; raises KeyMissing here, ValueError when called."""
    key = _load(folder, version)
    return lambda sealed: key.decrypt(sealed, _SCHEME)


def open_random_key(folder: str, version: int, sealed: str) -> str:
    """The text key of one record; raises KeyMissing, or ValueError for damaged data."""
    return _load(folder, version).decrypt(pybase64.b64decode(sealed), _SCHEME).decode()


def key_versions() -> set[int]:
    """Versions that recent envelopes need; the connection doctor looks for their private keys."""
    from compliance.models import ArchiveEnvelope

    newest = ArchiveEnvelope.objects.order_by("-id").values_list("publickey_ver", flat=True)
    return set(newest[:20_000])
