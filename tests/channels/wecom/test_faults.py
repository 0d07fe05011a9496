"""Each fault × each kind of call: its class, whether it is uncertain, and never a second effect."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom import client
from channels.providers.wecom.api import WeCom
from channels.providers.wecom.api.identity import client_login_url
from channels.providers.wecom.applications import main_application
from channels.providers.wecom.errcodes import KNOWN
from channels.sandbox.state.faults import KINDS as SWITCHES
from tests.channels.wecom.conftest import wecom_of
from tests.channels.wecom.stories import PNG
from tests.factories.wecom import Corp

T, R, C = ErrorClass.TRANSIENT, ErrorClass.RATE, ErrorClass.CONFIGURATION
# kind, value, class of the failure, whether a call that has an effect may have had it
FAULTS = [
    ("errcode", -1, T, False),
    ("errcode", 6000, T, False),
    ("http", 502, T, True),
    ("html", None, T, True),
    ("empty", None, T, True),
    ("latency", 0.8, T, True),
    ("drop_before", None, T, True),
    ("drop_after", None, T, True),
    ("token_expired", None, C, False),
    ("token_revoked", None, C, False),
    ("app_disabled", None, C, False),
    ("ip_refused", None, C, False),
    ("concurrency", None, T, False),
    ("rate", None, R, False),
]
IDS = [f"{kind}{value or ''}" for kind, value, *_ in FAULTS]
RECOVERED = {"token_expired", "token_revoked"}
WRITE = "externalcontact/add_msg_template"


@dataclass(frozen=True)
class CallKind:
    """One kind of call of the client: which endpoint, how, and whether it has an effect."""

    name: str
    path: str
    act: Callable[[WeCom], object]
    # Changes nothing at WeCom, so the client repeats it by itself.
    repeats: bool


def _send(api: WeCom) -> object:
    return api.add_mass_send("alice", ["wmC00000001"], "利率提示")


def _upload(api: WeCom) -> str:
    return api.media.upload("image", PNG)


def _visit(api: WeCom) -> object:
    """A code that is used up by its first call, whatever becomes of the answer."""
    base = api.client.API_BASE_URL.removesuffix("/cgi-bin/")
    app = replace(main_application(api.corp_id), oauth_url=base)
    page = client_login_url(app, "https://bank.example/in", "s1")
    there = f"{page.partition('#')[0]}&sandbox_as=alice"
    answer = requests.get(there, allow_redirects=False, timeout=10)
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    return api.visitor(code)


KINDS = (
    CallKind("look", "externalcontact/get_follow_user_list", WeCom.follow_users, True),
    CallKind("read", "externalcontact/groupchat/list", lambda api: list(api.groups.rows()), True),
    CallKind("file down", "media/get", lambda api: api.media.download(FILES[api]), True),
    CallKind("write", WRITE, _send, False),
    CallKind("file up", "media/upload", _upload, False),
    CallKind("once", "auth/getuserinfo", _visit, False),
    CallKind(
        "archive", "msgaudit/get_permit_user_list", lambda api: api.msgaudit.permitted(), True
    ),
)
# A file of each client, uploaded before anything breaks.
FILES: dict[WeCom, str] = {}

faults = pytest.mark.parametrize(("kind", "value", "expected", "uncertain"), FAULTS, ids=IDS)
reads = pytest.mark.parametrize("call", [k for k in KINDS if k.repeats], ids=lambda k: k.name)
writes = pytest.mark.parametrize("call", [k for k in KINDS if not k.repeats], ids=lambda k: k.name)


@pytest.fixture
def ready(api: WeCom, bank: Corp, monkeypatch: pytest.MonkeyPatch) -> Iterator[WeCom]:
    """A client that has its tokens, a file at WeCom, and little patience."""
    monkeypatch.setattr(client, "_READ_PAUSES", (0.01, 0.02))
    api.follow_users()
    api.msgaudit.permitted()
    FILES[api] = _upload(api)
    yield api
    FILES.clear()
    bank.http.delete(bank.base + "faults")


def _break(bank: Corp, api: WeCom, path: str, kind: str, value: object, times: int) -> None:
    if kind == "latency":
        for one in (api.client, api.msgaudit.client):
            one.timeout = one.upload_timeout = (3.0, 0.3)
    bank.fault(kind, path, value, times=times)


def _calls(bank: Corp, path: str) -> int:
    return int(bank.get("stats")["calls"].get(path, 0))


def _left(bank: Corp) -> int:
    """How often the fault would still strike."""
    return sum(rule["times"] for rule in bank.get("faults")["faults"])


def _failure(act: Callable[[], object]) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        act()
    return caught.value


@faults
@reads
def test_a_read_is_repeated_twice_and_then_tells(
    ready: WeCom,
    bank: Corp,
    call: CallKind,
    kind: str,
    value: object,
    expected: ErrorClass,
    uncertain: bool,
) -> None:
    _break(bank, ready, call.path, kind, value, 3)
    assert _failure(lambda: call.act(ready)).kind is expected
    tries = 3 if expected is T else 2 if kind in RECOVERED else 1
    assert _left(bank) == 3 - tries


@faults
@reads
def test_one_passing_fault_is_not_noticed_by_a_read(
    ready: WeCom,
    bank: Corp,
    call: CallKind,
    kind: str,
    value: object,
    expected: ErrorClass,
    uncertain: bool,
) -> None:
    before = call.act(ready)
    _break(bank, ready, call.path, kind, value, 1)
    if expected is T or kind in RECOVERED:
        assert call.act(ready) == before
    else:
        assert _failure(lambda: call.act(ready)).kind is expected


@faults
@writes
def test_a_write_is_tried_once(
    ready: WeCom,
    bank: Corp,
    call: CallKind,
    kind: str,
    value: object,
    expected: ErrorClass,
    uncertain: bool,
) -> None:
    tasks, before = len(bank.tasks()), _calls(bank, call.path)
    _break(bank, ready, call.path, kind, value, 3 if kind not in RECOVERED else 1)
    if kind in RECOVERED:
        assert call.act(ready)
        assert _calls(bank, call.path) == before + 1
    else:
        error = _failure(lambda: call.act(ready))
        assert (error.kind, error.uncertain) == (expected, uncertain)
        assert _left(bank) == 2
        reached = _calls(bank, call.path) - before
        assert reached <= int(uncertain)
        assert reached == 1 or kind != "drop_after"
    assert len(bank.tasks()) - tasks <= int(call.path == WRITE)


def test_the_product_is_whole() -> None:
    """Each switch of the sandbox's page stands in the table."""
    assert {kind for kind, *_ in FAULTS} == set(SWITCHES)


@faults
def test_without_a_token_nothing_was_sent(
    bank: Corp,
    ready: WeCom,
    kind: str,
    value: object,
    expected: ErrorClass,
    uncertain: bool,
) -> None:
    """A token that cannot be had makes no call uncertain."""
    tasks = len(bank.tasks())
    ready.client.tokens.key += kind  # Nobody has stored a token under this name.
    _break(bank, ready, "gettoken", kind, value, -1)
    error = _failure(lambda: _send(ready))
    assert (error.kind, error.uncertain) == (expected, False)
    assert len(bank.tasks()) == tasks


def test_a_read_may_lose_its_token_call_once(api: WeCom, bank: Corp) -> None:
    bank.fault("drop_before", "gettoken", times=1)
    assert wecom_of(bank).follow_users()


def test_the_table_knows_every_code_of_the_contract() -> None:
    listed = """-1 6000 40001 40013 40091 41002 41004 40014 42001 40003 40031 40032 40007 40008 40005
    40004 40029 42003 50001 40033 40035 40058 40063 40056 301002 40066 60003 60123 40068 40071 40126
    81011 40093 42012 40096 40097 40098 40099 40100 40128 40129 40130 40131 40143 41001 44001 44004
    45001 45002 45007 45008 45032 45034 45009 45024 45029 45033 46004 48002 48004 48005 48006 48009
    50002 50003 60011 60020 60021 60111 60136 81012 81013 81017 82001 82002 82003 84014 84015 84061
    84074 84083 84084 86003 86004 86214 86215 86216 86217 86220 90207 90308 90500 90501 90502 90503
    90504 90507 90508 97610 97611 97612 301042 301052 301053 301058 301059 301060 610004 610014
    610015 610016 701008"""
    family = {*range(41037, 41052), *range(41058, 41065), *range(41067, 41082)}
    family |= {41053, 41054, 41055, 41056, *range(41083, 41092), *range(41093, 41097)}
    wanted = {int(code) for code in listed.split()} | family
    assert wanted <= set(KNOWN)
    assert all(sentence.endswith("。") for _, sentence in KNOWN.values())


def test_the_table_knows_every_code_of_the_sandbox() -> None:
    from channels.sandbox.errors import TEXTS

    assert set(TEXTS) - set(KNOWN) == set()
