"""More than one corporation and app: own keys, own client, and no namesakes mixed up."""

import json
import time

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from channels import checks
from channels.doctor import facts, run
from channels.inbox import processing
from channels.models import InboxEvent, OutboxTask
from channels.providers.base import ProviderError
from channels.providers.wecom.api import wecom
from channels.providers.wecom.applications import applications
from channels.providers.wecom.people import corp_of, local_id, wecom_id
from contacts.models import ExternalContact, Follow
from scrm.accounts.models import User
from tests.channels.test_callback import push
from tests.channels.test_inbox import receive
from tests.factories.cast import Cast
from tests.factories.second import SECOND
from tests.factories.wecom import Corp

URL = "/callbacks/wecom/wwsecondbank00001/7/"


def test_ids_of_a_second_corporation_name_one_person(settings: Settings) -> None:
    first, other = settings.WECOM_CORP_ID, "ww2"
    assert local_id(first, "alice") == local_id("", "alice") == "alice"
    assert corp_of("alice") == first
    there = local_id(other, "alice")
    assert (there, corp_of(there), wecom_id(there)) == ("ww2:alice", "ww2", "alice")
    assert local_id(other, "") == ""


def test_each_callback_is_opened_with_its_own_keys(
    cast: Cast, client: Client, settings: Settings
) -> None:
    settings.WECOM_APPLICATIONS = json.dumps([SECOND])
    xml = f"<xml><CreateTime>{int(time.time())}</CreateTime><Event>subscribe</Event></xml>"
    keys = {"corp": SECOND["corp_id"], "token": "secondToken", "aes": "b" * 43}
    assert push(client, xml, url=URL, **keys).status_code == 200
    assert push(client, xml).status_code == 200
    rows = InboxEvent.objects.order_by("id").values_list("corp_id", "agent_id")
    assert list(rows) == [
        (SECOND["corp_id"], "7"),
        (settings.WECOM_CORP_ID, str(settings.WECOM_AGENT_ID)),
    ]
    # The keys of one application open nothing at the address of the other.
    assert push(client, xml, url=URL).status_code == 403
    assert push(client, xml, **keys).status_code == 403
    assert InboxEvent.objects.count() == 2


def test_namesakes_of_two_corporations_stay_apart(second: Corp, cast: Cast, twin: User) -> None:
    receive("add_external_contact", timezone.now(), corp_id=SECOND["corp_id"])
    processing.drain()
    assert not Follow.objects.filter(user=cast.alice).exists()
    follow = Follow.objects.get(user=twin)
    assert follow.contact.name == "外人"
    assert follow.contact.external_userid == f"{SECOND['corp_id']}:wmC00000001"
    receive("add_external_contact", timezone.now())
    processing.drain()
    assert Follow.objects.get(user=cast.alice).contact.customer == cast.wang
    assert ExternalContact.objects.count() == 2
    receive("del_follow_user", timezone.now(), corp_id=SECOND["corp_id"])
    processing.drain()
    states = dict(Follow.objects.values_list("user__username", "state"))
    assert states == {"alice": "active", "alice2": "deleted_by_customer"}


def test_a_mass_send_goes_out_in_the_senders_corporation(
    second: Corp, corp: Corp, twin: User
) -> None:
    people = [local_id(SECOND["corp_id"], "wmC00000001")]
    client = wecom(corp_of(twin.wecom_userid))
    msgid, refused = client.add_mass_send(twin.wecom_userid, people, "您好")
    assert (len(second.tasks()), len(corp.tasks()), refused) == (1, 0, [])
    assert client.mass_send_members(msgid)[0]["userid"] == twin.wecom_userid
    rows = client.mass_send_results(msgid, twin.wecom_userid)
    assert [row["external_userid"] for row in rows] == people


def test_an_id_at_the_wrong_corporation_is_refused(second: Corp, cast: Cast, twin: User) -> None:
    with pytest.raises(ProviderError):
        wecom().mass_send.add("您好", sender=twin.wecom_userid, recipients=["wmC00000001"])
    assert not OutboxTask.objects.exists()


def test_an_unconfigured_corporation_is_said(settings: Settings) -> None:
    with pytest.raises(ProviderError, match="wwnobody"):
        wecom("wwnobody")


def test_the_doctor_looks_at_each_application(second: Corp, cast: Cast, twin: User) -> None:
    names = {row.name: row for row in run._run(facts.gather())}
    assert names["应用 Secret · 信用卡中心"].state.value == "ok"
    assert names["应用可见范围 · 信用卡中心"].state.value == "ok"
    second.post("settings", {"callable_app": False})
    names = {row.name: row for row in run._run(facts.gather())}
    assert names["客户联系权限 · 信用卡中心"].state.value == "fail"
    assert names["客户联系权限"].state.value == "ok"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{", "not JSON"),
        ("{}", "not a list"),
        (json.dumps([{"corp_id": "x"}]), "Entry 1"),
        (json.dumps([{**SECOND, "callback_aes_key": "short"}]), "43"),
        (json.dumps([SECOND, SECOND]), "repeats"),
    ],
)
def test_wrong_settings_are_named_without_a_secret(
    settings: Settings, text: str, word: str
) -> None:
    settings.WECOM_APPLICATIONS = text
    (error,) = checks.wecom_applications(None)
    assert word in error.msg
    assert "second-secret" not in error.msg


def test_no_secret_is_printed(settings: Settings) -> None:
    settings.WECOM_APPLICATIONS = json.dumps([SECOND])
    assert "second-secret" not in repr(applications())
    assert settings.WECOM_AGENT_SECRET not in repr(applications())
    assert checks.wecom_applications(None) == []
