"""Who opens a page, and who agreed to be archived."""

from urllib.parse import parse_qs, urlsplit

import requests
from django.conf import settings

from channels.providers.wecom.api import WeCom, identity
from channels.providers.wecom.applications import Application, main_application
from tests.channels.wecom.stories.common import group_of, refused
from tests.factories.wecom import Corp


def visitors(api: WeCom, corp: Corp) -> None:
    inside = _code(
        identity.client_login_url(_app(), "https://bank.example/in", "s1", private=True), "alice"
    )
    who = api.identity.visitor(inside)
    assert who["userid"] == "alice"
    assert api.identity.details(who["user_ticket"])["userid"] == "alice"
    refused(40029, lambda: api.identity.visitor(inside))
    customer = _code(
        identity.client_login_url(_app(), "https://bank.example/in", "s1"), "wmC00000001"
    )
    assert api.visitor(customer)["external_userid"] == "wmC00000001"
    on_the_web = _code(identity.web_login_url(_app(), "https://bank.example/in", "s1"), "bob")
    assert api.identity.visitor(on_the_web)["userid"] == "bob"


def _app() -> Application:
    return main_application(settings.WECOM_CORP_ID)


def _code(url: str, person: str) -> str:
    """The tester picks who he is, and comes back with a code."""
    page = url.partition("#")[0]
    answer = requests.get(f"{page}&sandbox_as={person}", allow_redirects=False, timeout=10)
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["state"] == ["s1"]
    return query["code"][0]


def tickets(api: WeCom, corp: Corp) -> None:
    page = "https://bank.example/sidebar/?a=1#top"
    of_corp, of_app = api.identity.config_signature(page), api.identity.agent_signature(page)
    assert len(of_corp["signature"]) == len(of_app["signature"]) == 40
    before = corp.get("stats")["calls"]["ticket/get"]
    api.identity.agent_signature(page)
    assert corp.get("stats")["calls"]["ticket/get"] == before


def archive(api: WeCom, corp: Corp) -> None:
    assert "alice" in api.msgaudit.permitted()
    corp.act("agree", userid="alice", external_userid="wmC00000001")
    row = api.msgaudit.single_agreements([("alice", "wmC00000001")])[0]
    assert (row["exteranalopenid"], row["agree_status"]) == ("wmC00000001", "Agree")
    chat = group_of(corp, "alice")
    assert len(api.msgaudit.room_agreements(chat)) == 1
    refused(301059, lambda: api.msgaudit.internal_group(chat))
    assert api.msgaudit.robot("wb1")["robot_id"] == "wb1"
