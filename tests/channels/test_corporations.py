"""Two corporations walked, signed in to and tagged: each sees and ends only what is its own."""

import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.conf import settings
from django.utils import timezone

from channels import identity, tasks
from channels.codes import push
from channels.inbox import processing
from channels.media import uploads
from channels.models import (
    ContactWay,
    Department,
    FoundWay,
    InboxEvent,
    MediaUpload,
    Member,
    SyncRun,
    Welcome,
)
from channels.outbox import welcomes
from channels.providers.base import ProviderError
from channels.providers.wecom.api import wecom, wecom_app
from channels.providers.wecom.api.identity import web_login_url
from channels.providers.wecom.applications import main_application
from channels.providers.wecom.people import local_id
from channels.sync import walk
from channels.tags import push as tag_push
from contacts import services
from contacts.models import ExternalContact, Follow, GroupChat, TagPush
from scrm.accounts.models import User
from tests.factories import codes
from tests.factories import material as materials
from tests.factories import wecom as sandbox
from tests.factories.cast import Cast
from tests.factories.second import SECOND
from tests.factories.wecom import Corp
from tests.factories.welcome import arrived

THERE = str(SECOND["corp_id"])


def _walk(cast: Cast, kind: str, corp_id: str = "") -> SyncRun:
    run = walk.start(kind=kind, corp_id=corp_id, actor=cast.hq)
    walk.proceed(run)
    run.refresh_from_db()
    assert (run.state, run.error) == ("done", "")
    return run


def _long_ago() -> None:
    """As if all we know were of a minute ago: whole seconds separate readings."""
    past = timezone.now() - datetime.timedelta(minutes=1)
    for model in (Follow, Member, Department, GroupChat):
        model.objects.update(as_of=past)  # type: ignore[attr-defined]


def _empty(corp: Corp, member: str) -> None:
    """A corporation in which this one person is left, without customers."""
    corp.post("world", sandbox.world({member: "留下的人"}, []))


@pytest.fixture
def both(cast: Cast, corp: Corp, second: Corp, twin: User) -> Corp:
    """Organisation and customers of both corporations have been walked."""
    for corp_id in ("", THERE):
        _walk(cast, "org", corp_id)
        _walk(cast, "contacts", corp_id)
    return second


def test_namesakes_arrive_as_two_people(both: Corp, cast: Cast, twin: User) -> None:
    userids = dict(Member.objects.values_list("userid", "user__username"))
    assert userids == {
        "alice": "alice",
        "amy": "amy",
        "bob": "bob",
        f"{THERE}:alice": "alice2",
    }
    assert set(Department.objects.values_list("wecom_id", flat=True)) == {"1", f"{THERE}:1"}
    names = dict(Follow.objects.values_list("user__username", "contact__name"))
    assert names == {"alice": "王芳", "amy": "赵磊", "bob": "李娜", "alice2": "外人"}
    assert ExternalContact.objects.get(name="外人").external_userid == f"{THERE}:wmC00000001"


def test_what_one_corporation_lost_is_ended_there_only(
    both: Corp, corp: Corp, cast: Cast, twin: User
) -> None:
    _long_ago()
    _empty(both, "zoe")
    for kind in ("org", "contacts"):
        _walk(cast, kind, THERE)
    left = Member.objects.exclude(left_at=None).values_list("userid", flat=True)
    assert list(left) == [f"{THERE}:alice"]
    lost = Follow.objects.exclude(state="active").values_list("user__username", flat=True)
    assert list(lost) == []  # WeCom no longer names her: her customers are not judged by absence
    both.post("world", sandbox.world({"alice": "另一位"}, []))
    both.act("customer_add", userid="alice", name="新人")
    _walk(cast, "contacts", THERE)
    states = dict(Follow.objects.values_list("contact__external_userid", "state"))
    assert states[f"{THERE}:wmC00000001"] != "active"
    assert states["wmC00000001"] == "active"


def test_groups_of_two_corporations_stay_apart(both: Corp, corp: Corp, cast: Cast) -> None:
    ours = corp.act("group_create", owner="alice", name="甲", members=["wmC00000001"])["chat_id"]
    theirs = both.act("group_create", owner="alice", name="乙", members=["wmC00000001"])["chat_id"]
    _walk(cast, "groups")
    _walk(cast, "groups", THERE)
    owners = dict(GroupChat.objects.values_list("name", "owner__username"))
    assert owners == {"甲": "alice", "乙": "alice2"}
    _long_ago()
    both.act("group_dismiss", chat_id=theirs)
    _walk(cast, "groups", THERE)
    states = dict(GroupChat.objects.values_list("name", "state"))
    assert states == {"甲": "active", "乙": "dismissed"}
    assert GroupChat.objects.get(name="甲").chat_id == ours


def test_live_codes_are_made_and_missed_where_they_are(both: Corp, cast: Cast, twin: User) -> None:
    here = codes.way(cast)
    there = codes.way(cast, actor=cast.hq, members=codes.members(twin), branch=cast.xuhui)
    push.push_due()
    foreign = wecom(THERE).contact_ways.add(2, 2, {"state": "old", "user": ["alice"]})[0]
    _walk(cast, "contact_ways")
    assert not FoundWay.objects.exists()
    _walk(cast, "contact_ways", THERE)
    found = FoundWay.objects.get()
    assert (found.config_id, found.corp_id, found.userids) == (foreign, THERE, [f"{THERE}:alice"])
    for way in (here, there):
        way.refresh_from_db()
        assert way.push_state == "pushed"
    assert (here.corp_id or settings.WECOM_CORP_ID, there.corp_id) == (
        settings.WECOM_CORP_ID,
        THERE,
    )
    wecom(THERE).contact_ways.delete(there.config_id)
    ContactWay.objects.update(listed_at=None, created_at=timezone.now() - datetime.timedelta(1))
    _walk(cast, "contact_ways", THERE)
    states = dict(ContactWay.objects.values_list("pk", "push_state"))
    assert states == {here.pk: "pushed", there.pk: "gone"}


def test_every_corporations_codes_are_checked_at_night(both: Corp) -> None:
    tasks.codes_check()
    runs = SyncRun.objects.filter(kind="contact_ways")
    assert set(runs.values_list("corp_id", flat=True)) == {"", THERE}


# Of the first corporation only


def test_tags_are_offered_for_the_first_corporation_only(both: Corp, cast: Cast, sign_in) -> None:
    client = sign_in(cast.hq)
    page = client.get("/connection/sync/").content.decode()
    assert page.count("企业标签</") + page.count("企业标签 <") == 1
    assert "企业标签双向同步、会话存档、客户端敏感词和获客额度只用主企业的" in page
    for form in ({"kind": "tags", "corp": THERE}, {"kind": "org", "corp": "wwnobody"}):
        page = client.post("/connection/sync/", form, follow=True).content.decode()
        assert "没有这种同步内容" in page
    assert not SyncRun.objects.filter(kind="tags").exists()


def test_no_mark_is_pushed_to_a_corporation_that_does_not_know_the_tag(
    both: Corp, cast: Cast, twin: User
) -> None:
    customer = cast.wang
    ExternalContact.objects.filter(external_userid=f"{THERE}:wmC00000001").update(customer=customer)
    type(customer).objects.filter(pk=customer.pk).update(owner=twin)
    customer.refresh_from_db()
    group = services.tag_group_create(name="偏好", shared=True, actor=cast.hq)
    tag = services.tag_create(group=group, name="基金", actor=cast.hq)
    tag_push.push_due()
    services.customer_tag_add(customer=customer, tag=tag, actor=cast.hq)
    assert TagPush.objects.filter(follow__user=twin).exists()
    tag_push.push_due()
    assert not TagPush.objects.filter(state="failed").exists()
    assert both.get("stats")["calls"].get("externalcontact/mark_tag", 0) == 0


# Who opens a page


def _code(url: str, person: str) -> str:
    page = url.partition("#")[0]
    answer = requests.get(f"{page}&sandbox_as={person}", allow_redirects=False, timeout=10)
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def test_a_visitor_is_known_by_the_senders_corporation(
    both: Corp, corp: Corp, cast: Cast, twin: User
) -> None:
    for sender, name in (("alice", "王芳"), (str(twin.wecom_userid), "外人")):
        url = identity.authorize_url("https://bank.example/in", "s1", sender=sender)
        code = _code(url, "wmC00000001")
        contact = identity.visitor_of(code, sender=sender)
        assert contact is not None
        assert contact.name == name
    url = identity.authorize_url("https://bank.example/in", "s1", sender="alice")
    code = _code(url, "wmC00000001")
    assert identity.visitor_of(code, sender=str(twin.wecom_userid)) is None


def test_a_link_of_a_corporation_that_is_gone_still_leads_on(cast: Cast) -> None:
    back = "https://bank.example/in"
    assert identity.authorize_url(back, "s1", sender="wwgone:alice") == back


def test_signing_in_on_the_web_goes_through_the_application(both: Corp, twin: User) -> None:
    app = main_application(THERE)
    url = web_login_url(app, "https://bank.example/in", "s1")
    query = parse_qs(urlsplit(url).query)
    assert (query["appid"], query["agentid"]) == ([THERE], [str(SECOND["agent_id"])])
    code = _code(identity.authorize_url("https://a.example/", "s", sender=f"{THERE}:x"), "alice")
    assert wecom_app(app).visitor(code)["userid"] == twin.wecom_userid
    with pytest.raises(ProviderError):
        wecom().visitor(code)


def test_pages_are_signed_with_the_tickets_of_their_application(both: Corp, corp: Corp) -> None:
    page = "https://bank.example/sidebar/"
    tickets = set()
    for corp_id, server in ((settings.WECOM_CORP_ID, corp), (THERE, both)):
        signer = wecom(corp_id).identity
        before = server.get("stats")["calls"].get("ticket/get", 0)
        assert len(signer.agent_signature(page)["signature"]) == 40
        assert server.get("stats")["calls"]["ticket/get"] == before + 1
        tickets |= {signer._app_tickets.get(), signer._corp_tickets.get()}
    assert len(tickets) == 4


def test_files_stand_at_both_and_a_greeting_takes_its_own(
    both: Corp, corp: Corp, cast: Cast, twin: User
) -> None:
    materials.rule(cast, materials.material(cast))
    twin.branch = cast.dongcheng
    twin.save()
    assert uploads.refresh_due() == 2
    assert set(MediaUpload.objects.values_list("corp_id", flat=True)) == {
        settings.WECOM_CORP_ID,
        THERE,
    }
    both.act("customer_add", userid="alice", name="新客")
    row = arrived(both, corp_id=THERE)
    assert row.external_userid == local_id(THERE, row.external_userid.rpartition(":")[2])
    welcomes.send_due()
    row.refresh_from_db()
    assert (row.state, row.reason) == ("sent", "")
    got = both.get("messages", external_userid=row.external_userid.rpartition(":")[2])["messages"]
    assert [one["msgtype"] for one in got] == ["text", "image"]
    processing.drain()
    assert not InboxEvent.objects.filter(state="dead").exists()
    assert Welcome.objects.count() == 1
