"""The two drivers behind ArchiveSdk.

The vendor's library is not ours to ship: its driver is tested against a library of the same C
interface, compiled here. That proves the calls, not the vendor's cipher.
"""

import base64
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom.archive import NativeSdk, SandboxSdk, archive_sdk

_COMPILER = shutil.which("cc") or ""
needs_compiler = pytest.mark.skipif(not _COMPILER, reason="no C compiler on this machine")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("sdk") / "libfinance.so"
    source = Path(__file__).with_name("finance_sdk.c")
    subprocess.run([_COMPILER, "-shared", "-fPIC", "-o", out, source], check=True)
    return str(out)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    archive_sdk.cache_clear()
    yield
    archive_sdk.cache_clear()


def _whole(sdk: Any, file_id: str = "file") -> bytes:
    data, index = b"", ""
    while True:
        chunk = sdk.get_media_chunk(file_id, index)
        data, index = data + chunk.data, chunk.next_index
        if chunk.finished:
            return data


@needs_compiler
def test_the_library_is_called_as_its_header_says(library: str) -> None:
    sdk = NativeSdk(library, "corp", "secret")
    # Beyond 32 bits, as real numbers are.
    assert sdk.get_chat_data(2**40, 100) == [{"seq": 2**40 + 1, "msgid": "m"}]
    assert sdk.decrypt("钥匙", "message") == "钥匙/message"
    assert _whole(sdk) == b"he\0dtail"


@needs_compiler
def test_return_codes_become_errors_that_know_their_kind(library: str) -> None:
    sdk = NativeSdk(library, "corp", "secret")
    with pytest.raises(ProviderError) as damaged:
        sdk.decrypt("key", "bad")
    assert (damaged.value.errcode, damaged.value.permanent) == (10006, True)
    with pytest.raises(ProviderError) as large:
        sdk.get_chat_data(0, 2000)
    assert large.value.errcode == 301058
    with pytest.raises(ProviderError):
        sdk.get_media_chunk("unknown", "")
    with pytest.raises(ProviderError) as refused:
        NativeSdk(library, "corp", "wrong")
    assert refused.value.kind is ErrorClass.CONFIGURATION


def test_what_is_not_configured_is_said(settings: Any) -> None:
    settings.WECOM_ARCHIVE_DRIVER = "sdk"
    settings.WECOM_ARCHIVE_SDK_PATH = ""
    with pytest.raises(ProviderError, match="WECOM_ARCHIVE_SDK_PATH"):
        archive_sdk()
    settings.WECOM_ARCHIVE_SDK_PATH = "/nowhere/lib.so"
    with pytest.raises(ProviderError, match="无法加载"):
        archive_sdk()
    settings.WECOM_ARCHIVE_DRIVER = "other"
    with pytest.raises(ProviderError, match="other"):
        archive_sdk()


class _Client:
    """Answers of the sandbox, in order."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def post(self, path: str, data: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(data)
        return self.answers.pop(0)


def test_sandbox_media_is_read_to_its_end() -> None:
    first = {"data": base64.b64encode(b"ab").decode(), "outindexbuf": "next", "is_finish": 0}
    last = {"data": base64.b64encode(b"cd").decode(), "outindexbuf": "", "is_finish": 1}
    client = _Client(first, last)
    assert _whole(SandboxSdk(client), "id") == b"abcd"  # type: ignore[arg-type]
    assert [asked["indexbuf"] for asked in client.asked] == ["", "next"]


def test_sandbox_gives_nothing_when_up_to_date() -> None:
    assert SandboxSdk(_Client({"errcode": 0})).get_chat_data(5, 10) == []  # type: ignore[arg-type]
