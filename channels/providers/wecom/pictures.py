"""Pictures that WeCom's answers point to, such as the QR code of a contact way."""

from dataclasses import dataclass

import requests

from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom import wire

_TYPES = ("image/png", "image/jpeg", "image/gif", "image/svg+xml")
_MOST_BYTES = 512 * 1024
_TIMEOUT = (3.05, 10.0)


@dataclass(frozen=True, slots=True)
class Picture:
    content_type: str
    content: bytes


def fetch_picture(url: str) -> Picture:
    """The picture behind an address that WeCom gave us; raises ProviderError."""
    if not url.startswith(("https://", "http://")):
        raise ProviderError("企业微信给出的图片地址无法识别。", ErrorClass.PERMANENT)
    failure: ProviderError
    try:
        with requests.get(url, timeout=_TIMEOUT, allow_redirects=False, stream=True) as response:
            return _checked(response)
    except requests.RequestException as error:
        failure = wire.network_error(error)
    raise failure


def _checked(response: requests.Response) -> Picture:
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
    content = response.raw.read(_MOST_BYTES + 1, decode_content=True)
    if response.status_code != 200 or kind not in _TYPES or len(content) > _MOST_BYTES:
        raise ProviderError("企业微信给出的图片暂时取不到。", ErrorClass.TRANSIENT)
    return Picture(kind, content)
