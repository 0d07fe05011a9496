"""The archive's RSA private keys: <publickey_ver>.pem, old versions kept for ever."""

import base64
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from compliance.models import ArchiveEnvelope


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


def open_random_key(version: int, sealed: str) -> str:
    """The text key of one record; raises KeyMissing, or ValueError for damaged data."""
    key = _load(settings.WECOM_ARCHIVE_KEYS_DIR, version)
    return key.decrypt(base64.b64decode(sealed), padding.PKCS1v15()).decode()


def key_versions() -> set[int]:
    """Versions that recent envelopes need; the connection doctor looks for their private keys."""
    newest = ArchiveEnvelope.objects.order_by("-id").values_list("publickey_ver", flat=True)
    return set(newest[:20_000])
