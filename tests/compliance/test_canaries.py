"""Canaries: secrets go in by every door, and are looked for wherever they must not come out.

In go a password, a card check number, a one-time code, a customer's phone, the corp's secrets, its
access token and the archive's private key: said in chats (some of them damaged), offered to the
gate, and carried by calls that fail. Looked through afterwards: all that was logged, what exceptions
tell, Redis, the address of every page and call, and every column of every table, index included.
A control string that is planted in each of these places is found, so the search does search.
"""

import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from channels.providers.base import ProviderError
from channels.providers.wecom.api import wecom
from compliance import gate
from compliance.archive import rounds, scan
from compliance.gate import door
from compliance.intercept import push
from compliance.lexicon import Engine, ScanFailed
from compliance.models import Alert, ArchivedMessage, MessageIndex
from compliance.scanning import scan_in_time, scan_text
from contacts.models import Customer
from scrm.accounts.models import User
from scrm.audit.models import AuditEvent
from tests.factories import campaign
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import RISKY, Chat
from tests.factories.wecom import Corp

PASSWORD, CARD_CHECK, CODE = "Xq7!kanarie", "cvv739", "480917"
PHONE = "13977580246"
CONTROL = "kontrolle4711"
# What a word of its own is: digits may stand by chance inside a hash or a ciphertext.
_ALONE = "(?<![0-9A-Za-z]){}(?![0-9A-Za-z])"


class Ear(logging.Handler):
    """Everything that any logger says, at DEBUG, with tracebacks."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self.heard.append(f"{record.getMessage()} {record.args!r} {trace}")


@dataclass
class Places:
    """What came out, by place."""

    told: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    ear: Ear = field(default_factory=Ear)

    def texts(self) -> Iterator[tuple[str, str]]:
        yield from (("log", text) for text in self.ear.heard)
        yield from (("exception", text) for text in self.told)
        yield from (("address", text) for text in self.addresses)
        yield from (("redis", text) for text in _in_redis())
        yield from _in_tables()

    def found(self, secret: str) -> set[str]:
        """Where it stands, as itself or as JSON or an address writes it."""
        forms = {secret, json.dumps(secret)[1:-1], secret.encode().hex()}
        wanted = re.compile(_ALONE.format("(?:" + "|".join(map(re.escape, forms)) + ")"))
        return {place for place, text in self.texts() if wanted.search(text)}


def _in_redis() -> Iterator[str]:
    database = redis.Redis.from_url(settings.REDIS_URL)
    for key in database.scan_iter():
        yield key.decode()
        kind = database.type(key)
        if kind == b"string":
            yield str(database.get(key))
        elif kind == b"list":
            yield str(database.lrange(key, 0, -1))
        elif kind == b"hash":
            yield str(database.hgetall(key))


def _in_tables() -> Iterator[tuple[str, str]]:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            yield from ((f"table {table}", row[0]) for row in cursor.fetchall())


@pytest.fixture
def places() -> Iterator[Places]:
    places, root = Places(), logging.getLogger()
    level, state = root.level, settings.DEBUG
    root.addHandler(places.ear)
    root.setLevel(logging.DEBUG)
    yield places
    root.removeHandler(places.ear)
    root.setLevel(level)
    settings.DEBUG = state


@pytest.fixture
def wang(cast: Cast) -> Customer:
    cast.wang.phone = PHONE
    cast.wang.save()
    return cast.wang


@pytest.fixture
def source(chat: Chat, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Chat:
    settings.BLOB_DIR = str(tmp_path / "blobs")
    monkeypatch.setattr(rounds, "archive_sdk", lambda: chat)
    for mark in (rounds._envelopes, rounds._messages, rounds._unfindable):
        mark.mark = 0
    return chat


def _said(to: str) -> list[str]:
    return [
        f"网银密码是{PASSWORD}，别告诉别人",
        f"背面的安全码 {CARD_CHECK} 对吗",
        f"验证码 {CODE}",
        CODE,
        f"我手机号 {PHONE}",
        f"{RISKY}打我电话 {PHONE}，密码：{PASSWORD}，验证码{CODE}",
    ]


def _archived(chat: Chat, to: str, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """Well-formed, damaged, refused by the database, and not scanned because the engine broke."""
    for text in _said(to):
        chat.say(to, "alice", text)
        chat.say("alice", to, text)
    chat.add(f'{{"msgtype": "text", "text": "{PASSWORD} {CODE}" damaged {PHONE}')
    chat.say("alice", to, f"密码是{PASSWORD}", roomid="group\x00")
    chat.say("alice", to, f"密码是{PASSWORD}", version=9)
    whole = Engine._scanned

    def breaks(self: Engine, texts: Sequence[str], *rest: Any) -> Any:
        for text in texts:
            if "背面" in text:
                raise RuntimeError(text)
        return whole(self, texts, *rest)

    monkeypatch.setattr(Engine, "_scanned", breaks)
    rounds.sweep()
    for scanner in (scan_text, scan_in_time):
        with pytest.raises(ScanFailed) as error:
            scanner(f"背面 {CARD_CHECK} {PASSWORD}")
        # Its cause is the engine's own exception: for whoever debugs, never for a log.
        places.told.append(f"{error.value!r} {error.value}")
    monkeypatch.setattr(Engine, "_scanned", whole)
    rounds.sweep()


def _proposed(cast: Cast, wang: Customer, to: str, places: Places) -> None:
    version = campaign.version(cast, "您好，网点周六照常营业。")
    for n, text in enumerate(_said(to)):
        verdicts = gate.clear(
            gate.Proposal(
                sender=cast.alice,
                text=f"您好。{text}",
                people={wang.pk: to},
                purpose="marketing",
                content_kind="content_version",
                content_id=version.pk,
                risk_grade=0,
                valid_until=version.valid_until,
                source=f"test:{n}",
            )
        )
        assert not verdicts.cleared
        places.told.append(str(verdicts))


def _read(officer: Client, places: Places) -> None:
    """The pages that show messages, and where their links lead."""
    pk = ArchivedMessage.objects.filter(msgtype="text").latest("pk").pk
    pages = [
        reverse("compliance:archive") + "?words=验证码",
        reverse("compliance:conversation", args=[pk]) + "?reason=检查",
        reverse("compliance:alerts"),
    ]
    for page in pages:
        text = officer.get(page).content.decode()
        places.addresses += [page, *re.findall(r'(?:href|action|hx-[a-z]+|src)="([^"]*)"', text)]


def _failed(corp: Corp, places: Places) -> None:
    """Every kind of failure of the calls that carry words and tokens."""
    for kind, value in (("errcode", 40003), ("http", 500), ("html", None), ("drop_after", None)):
        for match in ("gettoken", "externalcontact/*"):
            redis.Redis.from_url(settings.REDIS_URL).flushdb()
            corp.fault(kind, match, value, times=-1)
            try:
                wecom().add_mass_send("alice", ["wmC00000001"], f"密码是{PASSWORD}")
            except ProviderError as error:
                places.told.append(f"{error!r} {error.args!r} {vars(error)!r}")
                places.told.append("".join(traceback.format_exception(error)))
            push.run()
            corp.http.delete(corp.base + "faults")


def test_no_secret_comes_out_anywhere(
    cast: Cast,
    wang: Customer,
    source: Chat,
    corp: Corp,
    places: Places,
    sign_in: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    settings.INTERCEPT_DEPARTMENTS = "1"
    monkeypatch.setitem(door._source_checks, "test", lambda source: door.Recheck())
    to = befriend(wang).external_userid
    _archived(source, to, places, monkeypatch)
    _proposed(cast, wang, to, places)
    push.run()
    _failed(corp, places)
    _read(sign_in(cast.officer), places)
    # They are really in: the archive gives them back, the violation was found, the index is full.
    assert any(PASSWORD in message.text for message in ArchivedMessage.objects.all())
    assert Customer.objects.get(pk=wang.pk).phone == PHONE
    assert Alert.objects.exists()
    assert MessageIndex.objects.count() >= 12
    assert not scan.unscanned().exists()
    assert len(places.told) > 8
    pem = (tmp_path / "1.pem").read_text()
    secrets = {
        "password": PASSWORD,
        "card check number": CARD_CHECK,
        "one-time code": CODE,
        "phone": PHONE,
        "agent secret": settings.WECOM_AGENT_SECRET,
        "archive secret": settings.WECOM_ARCHIVE_SECRET,
        "access token": wecom().client.tokens.get(),
        "private key": pem.splitlines()[3],
        "field key": settings.FIELD_KEYS[0].partition(":")[2],
        "index key": settings.INDEX_KEY,
        "signing key": settings.SIGNING_KEYS[0].partition(":")[2],
    }
    assert {
        name: where for name, secret in secrets.items() if (where := places.found(secret))
    } == {}
    _assert_the_search_searches(places, cast)


def _assert_the_search_searches(places: Places, cast: Cast) -> None:
    assert places.found(CONTROL) == set()
    logging.getLogger("scrm").warning("said %s", CONTROL)
    places.told.append(repr(ValueError(CONTROL)))
    places.addresses.append(f"/archive/?words={CONTROL}")
    redis.Redis.from_url(settings.REDIS_URL).set("kept", CONTROL)
    AuditEvent.objects.create(
        action="page.open", actor_id=cast.officer.pk, actor_name="x", reason=f"({CONTROL})"
    )
    assert places.found(CONTROL) >= {
        "log",
        "exception",
        "address",
        "redis",
        "table audit_auditevent",
    }
