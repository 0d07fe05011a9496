"""Identifiers in the shapes that WeCom uses."""

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


def fresh(prefix: str, length: int = 26) -> str:
    """`wm…` customer, `wr…` group, `et…` tag, `msg…` mass send, `mom…` moment."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))
