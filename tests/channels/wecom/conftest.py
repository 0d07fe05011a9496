"""One sandbox for the tests of a module that leave it as they found it."""

from collections.abc import Iterator

import pytest
import pytest_socket
import redis
from django.conf import settings

from channels.providers.wecom.api import WeCom
from channels.providers.wecom.client import WeComClient
from tests.factories.wecom import BankServer, Corp, contact, world

PEOPLE = {"alice": "陈静怡", "amy": "孙悦", "bob": "刘洋"}


@pytest.fixture(autouse=True)
def _loopback(socket_enabled: None) -> None:
    """These tests are about real sockets."""


def fill(control: Corp) -> None:
    control.post("settings", {"short_pages": True, "dispatch_seconds": 0, "moment_job_seconds": 0})
    friends = [
        contact(f"wmC0000000{n}", userid, unionid=f"union-{n}", name=name)
        for n, userid, name in ((1, "alice", "王芳"), (2, "amy", "赵磊"), (3, "bob", "李娜"))
    ]
    control.post("world", world(PEOPLE, friends))


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corp]:
    pytest_socket.enable_socket()
    server = BankServer(tmp_path_factory.mktemp("sandbox"))
    with server:
        control = Corp(f"http://127.0.0.1:{server.port}")
        fill(control)
        yield control


def origin_of(control: Corp) -> str:
    return control.base.removesuffix("/sandbox/api/")


def client_of(
    control: Corp, app: str = "", secret: str = "", timeout: tuple[float, float] = (3.05, 10.0)
) -> WeComClient:
    return WeComClient(
        origin_of(control),
        settings.WECOM_CORP_ID,
        app or str(settings.WECOM_AGENT_ID),
        secret or settings.WECOM_AGENT_SECRET,
        timeout,
    )


def wecom_of(control: Corp) -> WeCom:
    archive = client_of(control, "archive", settings.WECOM_ARCHIVE_SECRET)
    return WeCom(client_of(control), archive, settings.WECOM_AGENT_ID)


@pytest.fixture
def api(bank: Corp) -> WeCom:
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    return wecom_of(bank)
