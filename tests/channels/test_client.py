"""The WeCom client: token handling, classes of errors, no secret in any text."""

import pytest
from django.conf import settings

from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom.api import wecom
from tests.factories.wecom import Corp, forget_clients


def _gettoken_calls(corp: Corp) -> int:
    calls = corp.get("stats")["calls"]
    return calls.get("gettoken", 0)


def test_reads_friends_through_every_page(corp: Corp) -> None:
    assert sorted(wecom().follow_users()) == ["alice", "amy", "bob"]
    rows, cursor, _ = wecom().relations(["alice"], "")
    while not rows and cursor:
        rows, cursor, _ = wecom().relations(["alice"], cursor)
    assert [row["external_contact"]["external_userid"] for row in rows] == ["wmC00000001"]


def test_an_ended_token_is_refreshed_exactly_once(corp: Corp) -> None:
    wecom().follow_users()
    before = _gettoken_calls(corp)
    corp.fault("token_expired")
    assert wecom().follow_users()
    assert _gettoken_calls(corp) == before + 1


def test_a_token_that_is_always_refused_does_not_loop(corp: Corp) -> None:
    wecom().follow_users()
    before = _gettoken_calls(corp)
    corp.fault("errcode", "externalcontact/get_follow_user_list", 40014, times=-1)
    with pytest.raises(ProviderError) as caught:
        wecom().follow_users()
    assert caught.value.kind is ErrorClass.CONFIGURATION
    assert _gettoken_calls(corp) <= before + 1


@pytest.mark.parametrize(
    ("kind", "value", "expected", "uncertain"),
    [
        ("errcode", -1, ErrorClass.TRANSIENT, False),
        ("errcode", 45009, ErrorClass.RATE, False),
        ("errcode", 45033, ErrorClass.TRANSIENT, False),
        ("errcode", 48002, ErrorClass.CONFIGURATION, False),
        ("errcode", 84061, ErrorClass.PERMANENT, False),
        ("errcode", 99999, ErrorClass.PERMANENT, False),
        ("http", 502, ErrorClass.TRANSIENT, True),
        ("html", None, ErrorClass.TRANSIENT, True),
        ("empty", None, ErrorClass.TRANSIENT, True),
        ("drop_after", None, ErrorClass.TRANSIENT, True),
        ("ip_refused", None, ErrorClass.CONFIGURATION, False),
        ("app_disabled", None, ErrorClass.CONFIGURATION, False),
    ],
)
def test_each_fault_has_its_class(
    corp: Corp, kind: str, value: object, expected: ErrorClass, uncertain: bool
) -> None:
    wecom().follow_users()
    corp.fault(kind, "externalcontact/*", value, times=3)
    with pytest.raises(ProviderError) as caught:
        wecom().follow_users()
    assert (caught.value.kind, caught.value.uncertain) == (expected, uncertain)


def test_nobody_listening_is_certain_and_names_no_secret(corp: Corp, settings) -> None:
    settings.WECOM_API_URL = "http://127.0.0.1:1"
    forget_clients()
    with pytest.raises(ProviderError) as caught:
        wecom().follow_users()
    assert not caught.value.uncertain
    assert caught.value.kind is ErrorClass.TRANSIENT


def test_no_text_of_an_error_holds_a_secret(corp: Corp) -> None:
    corp.fault("drop_before", "gettoken", times=-1)
    with pytest.raises(ProviderError) as caught:
        wecom().follow_users()
    shown = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__ and caught.value.__suppress_context__}"
    assert settings.WECOM_AGENT_SECRET not in shown
