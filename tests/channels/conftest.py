"""What tests of more than one corporation share."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from channels.providers.wecom.people import local_id
from scrm.accounts.models import User
from tests.factories import cast as factory
from tests.factories import wecom as sandbox
from tests.factories.cast import Cast
from tests.factories.second import SECOND, SecondServer
from tests.factories.wecom import Corp


@pytest.fixture
def second(corp: Corp, cast: Cast, settings: Settings, tmp_path: Path) -> Iterator[Corp]:
    """A second corporation, in which another person is called alice as well."""
    server = SecondServer(tmp_path / "second")
    with server:
        url = f"http://127.0.0.1:{server.port}"
        settings.WECOM_APPLICATIONS = json.dumps([{**SECOND, "api_url": url, "oauth_url": url}])
        control = Corp(url)
        friend = sandbox.contact("wmC00000001", "alice", unionid="u-other", name="外人")
        control.post("world", sandbox.world({"alice": "另一位"}, [friend]))
        control.post("settings", {"dispatch_seconds": 0})
        yield control


@pytest.fixture
def twin(cast: Cast) -> User:
    row = factory.user("alice2", "另一位", "rm", cast.xuhui)
    row.wecom_userid = local_id(SECOND["corp_id"], "alice")
    row.save()
    return row
