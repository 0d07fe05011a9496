"""WeCom's URL check, made by ourselves against our own callback address."""

import secrets
import time
from dataclasses import dataclass

import requests

from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom.callback import Credentials, sealed_echo

_TIMEOUT = (3.05, 6)


@dataclass(frozen=True, slots=True)
class Echo:
    right: bool
    status: int
    seconds: float


def ask(url: str, who: Credentials) -> Echo:
    """Raises ProviderError when nobody answers at `url`."""
    plain = secrets.token_hex(10)
    began, response = time.monotonic(), None
    try:
        response = requests.get(
            url, params=sealed_echo(who, plain), timeout=_TIMEOUT, allow_redirects=False
        )
    except requests.RequestException:
        response = None
    if response is None:
        raise ProviderError("回调地址无法访问。", ErrorClass.TRANSIENT)
    right = response.status_code == 200 and response.content == plain.encode()
    return Echo(right, response.status_code, time.monotonic() - began)
