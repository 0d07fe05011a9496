"""A canary in every place a secret could leak to: logs, exceptions, Redis."""

import logging
import traceback
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings

from channels.providers.base import ProviderError
from channels.providers.wecom.api import WeCom
from tests.channels.wecom.conftest import wecom_of
from tests.channels.wecom.stories import PNG
from tests.factories.wecom import Corp

FAULTS = (
    ("errcode", 40003),
    ("http", 500),
    ("html", None),
    ("empty", None),
    ("drop_before", None),
    ("drop_after", None),
    ("token_expired", None),
    ("app_disabled", None),
    ("rate", None),
)


class Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self.heard.append(f"{record.getMessage()} {record.args!r} {trace}")


@pytest.fixture
def ear() -> Iterator[Ear]:
    """Everything that any logger says, at DEBUG."""
    ear, root = Ear(), logging.getLogger()
    loggers = [
        root,
        *(logging.getLogger(n) for n in ("urllib3", "urllib3.connectionpool", "redis")),
    ]
    levels = [logger.level for logger in loggers]
    root.addHandler(ear)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield ear
    root.removeHandler(ear)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def _told_by(error: BaseException | None) -> Iterator[str]:
    """All that an exception and those behind it show to a log or an error tracker."""
    while error is not None:
        yield f"{error!r} {error} {error.args!r} {vars(error)!r}"
        yield "".join(traceback.format_exception(error))
        if error.__cause__ is not None:
            yield from _told_by(error.__cause__)
        error = error.__context__


def _failures(bank: Corp) -> Iterator[ProviderError]:
    for kind, value in FAULTS:
        for match in ("gettoken", "externalcontact/*", "media/*", "message/*"):
            redis.Redis.from_url(settings.REDIS_URL).flushdb()
            api = wecom_of(bank)
            if match != "gettoken":
                api.follow_users()
            bank.fault(kind, match, value, times=-1)
            for act in (
                api.follow_users,
                lambda api=api: api.add_mass_send("alice", ["wmC00000001"], "利率"),
                lambda api=api: api.media.upload("image", PNG),
                lambda api=api: api.messages.text(["alice"], "您好"),
            ):
                try:
                    act()
                except ProviderError as error:
                    yield error
            bank.http.delete(bank.base + "faults")


def _in_redis() -> Iterator[str]:
    database = redis.Redis.from_url(settings.REDIS_URL)
    for key in database.scan_iter():
        yield key.decode()
        if database.type(key) == b"string":
            yield str(database.get(key))


def test_no_secret_and_no_token_leaves_the_client(bank: Corp, ear: Ear, api: WeCom) -> None:
    tickets = (api.identity.config_signature("https://a/"), api.identity._corp_tickets.get())
    canaries = [
        settings.WECOM_AGENT_SECRET,
        settings.WECOM_ARCHIVE_SECRET,
        api.client.tokens.get(),
        tickets[1],
    ]
    stored = list(_in_redis())
    errors = list(_failures(bank))
    stored += _in_redis()
    assert len(errors) > 60
    assert any("gettoken?" in line for line in ear.heard)
    told = [text for error in errors for text in _told_by(error)]
    for canary in [*canaries, wecom_of(bank).client.tokens.get()]:
        for text in (*ear.heard, *told, *stored, repr(api.client), repr(api.client.tokens)):
            assert canary not in text
