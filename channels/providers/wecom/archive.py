"""The message archive's data source behind one interface, with two drivers.

The vendor gives records only through its C library, whose cipher is not published; the sandbox
driver speaks HTTP and a cipher of the sandbox's own. Both give the same envelopes, and both leave
the RSA private keys to the caller: `decrypt` takes the random key already opened.
"""

import base64
import ctypes
import json
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from django.conf import settings

from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom.client import WeComClient

# The answer would be too large: ask for fewer records.
TOO_LARGE = 301058
# WeCom no longer has what was asked for.
EXPIRED = 10010
_TIMEOUT_SECONDS = 5

P, T, C = ErrorClass.PERMANENT, ErrorClass.TRANSIENT, ErrorClass.CONFIGURATION
_SDK_CODES: dict[int, tuple[ErrorClass, str]] = {
    10000: (P, "存档：请求参数不正确。"),
    10001: (T, "存档：网络错误，稍后自动重试。"),
    10002: (T, "存档：数据解析失败，稍后自动重试。"),
    10003: (T, "存档：企业微信系统失败，稍后自动重试。"),
    10004: (P, "存档：密钥错误，加密失败。"),
    10005: (P, "存档：文件标识 sdkfileid 无效。"),
    10006: (P, "存档：消息解密失败。"),
    10007: (C, "存档：缺少该版本的私钥。"),
    10008: (P, "存档：encrypt_random_key 解析失败。"),
    10009: (C, "存档：服务器 IP 不在白名单。"),
    10010: (P, "存档：数据已过期，企业微信不再提供。"),
    10011: (C, "存档：证书错误。"),
}


@dataclass(frozen=True, slots=True)
class MediaChunk:
    """next_index is empty with the last chunk."""

    data: bytes
    next_index: str
    finished: bool


class ArchiveSdk(Protocol):
    """What the archive needs of a driver; every method raises ProviderError."""

    def get_chat_data(self, seq: int, limit: int) -> list[dict[str, Any]]:
        """Envelopes with a seq greater than `seq`, at most 1000; empty: up to date.

        Each: {seq, msgid, publickey_ver, encrypt_random_key, encrypt_chat_msg}.
        """
        ...

    def decrypt(self, random_key: str, message: str) -> str:
        """The message's JSON text; random_key is the text that the RSA private key opened."""
        ...

    def get_media_chunk(self, sdkfileid: str, index: str) -> MediaChunk:
        """At most 512 KB of a file: the first with an empty index, then with the one before gave."""
        ...


def _sdk_error(code: int) -> ProviderError:
    kind, sentence = _SDK_CODES.get(code, (P, f"存档：组件返回错误码 {code}。"))
    return ProviderError(sentence, kind, errcode=code)


class SandboxSdk:
    """HTTP to the WeCom sandbox with the token of the archive secret."""

    def __init__(self, client: WeComClient) -> None:
        self.client = client

    def get_chat_data(self, seq: int, limit: int) -> list[dict[str, Any]]:
        body = {"seq": seq, "limit": limit}
        data = self.client.post("sandbox/msgaudit/getchatdata", data=body)
        return list(data.get("chatdata") or [])

    def decrypt(self, random_key: str, message: str) -> str:
        from channels.sandbox import archive_cipher

        try:
            return archive_cipher.decrypt(random_key, message)
        except ValueError:
            raise _sdk_error(10006) from None

    def get_media_chunk(self, sdkfileid: str, index: str) -> MediaChunk:
        body = {"sdkfileid": sdkfileid, "indexbuf": index}
        data = self.client.post("sandbox/msgaudit/getmediadata", data=body)
        following = str(data.get("outindexbuf") or "")
        finished = bool(data.get("is_finish")) or not following
        chunk = base64.b64decode(data.get("data") or "")
        return MediaChunk(chunk, "" if finished else following, finished)


def _declared(library: Any) -> Any:
    """Types of the C functions that are used; without them 64-bit handles would be cut."""
    handle, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    table: dict[str, tuple[list[Any], Any]] = {
        "NewSdk": ([], handle),
        "Init": ([handle, text, text], size),
        "GetChatData": ([handle, ctypes.c_uint64, ctypes.c_uint, text, text, size, handle], size),
        "DecryptData": ([text, text, handle], size),
        "GetMediaData": ([handle, text, text, text, text, size, handle], size),
        "NewSlice": ([], handle),
        "FreeSlice": ([handle], None),
        "GetContentFromSlice": ([handle], handle),
        "GetSliceLen": ([handle], size),
        "NewMediaData": ([], handle),
        "FreeMediaData": ([handle], None),
        "GetOutIndexBuf": ([handle], handle),
        "GetIndexLen": ([handle], size),
        "GetData": ([handle], handle),
        "GetDataLen": ([handle], size),
        "IsMediaDataFinish": ([handle], size),
    }
    for name, (arguments, result) in table.items():
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, result
    return library


class NativeSdk:
    """The vendor's library; one initialised instance per process, as each Init fetches a token."""

    def __init__(self, path: str, corp_id: str, secret: str) -> None:
        try:
            self.lib = _declared(ctypes.CDLL(path))
        except (OSError, AttributeError):
            raise ProviderError(f"会话存档组件无法加载：{path}", C) from None
        self.sdk = self.lib.NewSdk()
        _require_ok(self.lib.Init(self.sdk, corp_id.encode(), secret.encode()))

    def get_chat_data(self, seq: int, limit: int) -> list[dict[str, Any]]:
        raw = self._slice(
            lambda out: self.lib.GetChatData(self.sdk, seq, limit, b"", b"", _TIMEOUT_SECONDS, out)
        )
        data = json.loads(raw)
        if data.get("errcode"):
            raise _sdk_error(int(data["errcode"]))
        return list(data.get("chatdata") or [])

    def decrypt(self, random_key: str, message: str) -> str:
        raw = self._slice(
            lambda out: self.lib.DecryptData(random_key.encode(), message.encode(), out)
        )
        return raw.decode()

    def _slice(self, call: Any) -> bytes:
        out = self.lib.NewSlice()
        try:
            _require_ok(call(out))
            # Lengths, not strlen: content may hold zero bytes.
            return ctypes.string_at(self.lib.GetContentFromSlice(out), self.lib.GetSliceLen(out))
        finally:
            self.lib.FreeSlice(out)

    def get_media_chunk(self, sdkfileid: str, index: str) -> MediaChunk:
        media, lib = self.lib.NewMediaData(), self.lib
        try:
            _require_ok(
                lib.GetMediaData(
                    *(self.sdk, index.encode(), sdkfileid.encode()),
                    *(b"", b"", _TIMEOUT_SECONDS, media),
                )
            )
            data = ctypes.string_at(lib.GetData(media), lib.GetDataLen(media))
            following = ctypes.string_at(lib.GetOutIndexBuf(media), lib.GetIndexLen(media))
            finished = bool(lib.IsMediaDataFinish(media))
            return MediaChunk(data, "" if finished else following.decode(), finished)
        finally:
            lib.FreeMediaData(media)


def _require_ok(code: int) -> None:
    if code:
        raise _sdk_error(code)


@cache
def archive_sdk() -> ArchiveSdk:
    """The configured driver; raises ProviderError that says what is not configured."""
    if settings.WECOM_ARCHIVE_DRIVER == "sdk":
        path = getattr(settings, "WECOM_ARCHIVE_SDK_PATH", "")
        if not path:
            raise ProviderError("会话存档组件没有配置路径：请设置 WECOM_ARCHIVE_SDK_PATH。", C)
        return NativeSdk(path, settings.WECOM_CORP_ID, settings.WECOM_ARCHIVE_SECRET)
    if settings.WECOM_ARCHIVE_DRIVER != "sandbox":
        raise ProviderError(f"不认识的存档驱动：{settings.WECOM_ARCHIVE_DRIVER}", C)
    client = WeComClient(
        settings.WECOM_API_URL, settings.WECOM_CORP_ID, "archive", settings.WECOM_ARCHIVE_SECRET
    )
    return SandboxSdk(client)
