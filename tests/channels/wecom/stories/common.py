"""What the stories share."""

from collections.abc import Callable

import pytest

from channels.providers.base import ProviderError
from channels.providers.wecom.api import WeCom
from channels.providers.wecom.wire import File
from tests.factories.wecom import Corp

PNG = File("p.png", b"\x89PNG\r\n\x1a\n" + b"0" * 64, "image/png")
Story = Callable[[WeCom, Corp], None]


def refused(errcode: int, act: Callable[[], object]) -> None:
    with pytest.raises(ProviderError) as caught:
        act()
    assert caught.value.errcode == errcode


def group_of(corp: Corp, owner: str) -> str:
    made = corp.act("group_create", owner=owner, name="理财群", members=["wmC00000001"])
    return str(made["chat_id"])
