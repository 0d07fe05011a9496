"""Customer groups: walked, told of by events, never thrown away."""

import datetime

import pytest
import time_machine
from django.utils import timezone

from channels.inbox import processing
from channels.models import InboxEvent, SyncRun
from channels.sync import walk
from contacts.models import GroupChat, GroupMember
from tests.factories.cast import Cast, befriend
from tests.factories.wecom import Corp, deliver

CUSTOMERS = ["wmC00000001", "wmC00000002"]


def _walk(cast: Cast) -> SyncRun:
    run = walk.start(kind="groups", actor=cast.hq)
    walk.proceed(run)
    run.refresh_from_db()
    return run


@pytest.fixture
def chat_id(cast: Cast, corp: Corp) -> str:
    """alice's group with her own customer and amy's."""
    for row in (cast.wang, cast.zhao):
        befriend(row)
    corp.post("settings", {"group_lag_seconds": 0})
    return corp.act("group_create", owner="alice", name="理财群", members=CUSTOMERS)["chat_id"]


def _present() -> set[str]:
    return set(GroupMember.objects.present().values_list("member_id", flat=True))


def test_a_walk_brings_groups_and_knows_their_people(cast: Cast, corp: Corp, chat_id: str) -> None:
    run = _walk(cast)
    assert (run.state, run.done, run.counts["groups"], run.counts["joined"]) == ("done", 1, 1, 3)
    chat = GroupChat.objects.get()
    assert (chat.owner, chat.name, chat.state) == (cast.alice, "理财群", "active")
    links = GroupMember.objects.values_list("kind", "user", "contact__customer")
    assert set(links) == {
        ("employee", cast.alice.pk, None),
        ("external", None, cast.wang.pk),
        ("external", None, cast.zhao.pk),
    }
    assert _walk(cast).counts["joined"] == 0


def test_events_bring_who_comes_and_goes(cast: Cast, corp: Corp, chat_id: str) -> None:
    deliver(corp)
    assert len(_present()) == 3
    corp.act("group_join", chat_id=chat_id, external_userid="wmC00000003", scene=3, state="lobby")
    corp.act("group_leave", chat_id=chat_id, external_userid="wmC00000002")
    corp.act("group_change", chat_id=chat_id, name="新名字")
    deliver(corp)
    assert _present() == {"alice", "wmC00000001", "wmC00000003"}
    stay = GroupMember.objects.get(member_id="wmC00000003")
    assert (stay.channel_state, stay.scene) == ("lobby", "扫码入群")
    assert GroupMember.objects.get(member_id="wmC00000002").left_at is not None
    assert GroupChat.objects.get().name == "新名字"
    corp.act("group_dismiss", chat_id=chat_id)
    deliver(corp)
    assert GroupChat.objects.get().state == "dismissed"
    assert _present() == set()
    assert GroupMember.objects.count() == 4


def test_a_late_reading_is_waited_for_and_is_no_dead_letter(
    cast: Cast, corp: Corp, chat_id: str
) -> None:
    deliver(corp)
    corp.post("settings", {"group_lag_seconds": 300})
    corp.act("group_join", chat_id=chat_id, external_userid="wmC00000003")
    deliver(corp)
    for _ in range(10):
        InboxEvent.objects.update(next_attempt_at=timezone.now())
        processing.drain()
    event = InboxEvent.objects.order_by("-id")[0]
    assert (event.state, event.attempts) == ("new", 0)
    assert "还没有更新" in event.last_error
    corp.post("settings", {"group_lag_seconds": 0})
    InboxEvent.objects.update(next_attempt_at=timezone.now())
    processing.drain()
    event.refresh_from_db()
    assert event.state == "done"
    assert "wmC00000003" in _present()


def test_after_long_waiting_what_wecom_shows_is_taken(cast: Cast, corp: Corp, chat_id: str) -> None:
    deliver(corp)
    corp.post("settings", {"group_lag_seconds": 9999})
    corp.act("group_join", chat_id=chat_id, external_userid="wmC00000003")
    deliver(corp)
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=15), tick=True):
        processing.drain()
    assert set(InboxEvent.objects.values_list("state", flat=True)) == {"done"}


def test_a_dismissed_group_is_found_by_the_next_walk(cast: Cast, corp: Corp, chat_id: str) -> None:
    _walk(cast)
    past = timezone.now() - datetime.timedelta(minutes=1)
    GroupChat.objects.update(as_of=past)
    corp.act("group_dismiss", chat_id=chat_id)
    assert _walk(cast).counts["dismissed"] == 1
    assert GroupChat.objects.get().state == "dismissed"


def test_a_group_missing_from_the_list_is_asked_for_before_it_ends(
    cast: Cast, corp: Corp, chat_id: str
) -> None:
    _walk(cast)
    GroupChat.objects.update(as_of=timezone.now() - datetime.timedelta(minutes=1))
    run = walk.start(kind="groups", actor=cast.hq)
    run.plan, run.total = [], 0
    run.save()
    walk.proceed(run)
    assert (run.counts["dismissed"], GroupChat.objects.get().state) == (0, "active")


def test_a_member_who_comes_back_stays_anew(cast: Cast, corp: Corp, chat_id: str) -> None:
    deliver(corp)
    corp.act("group_leave", chat_id=chat_id, external_userid="wmC00000001")
    deliver(corp)
    corp.post("clock", {"advance": 3600})
    corp.act("group_join", chat_id=chat_id, external_userid="wmC00000001")
    deliver(corp)
    stays = GroupMember.objects.filter(member_id="wmC00000001").order_by("joined_at")
    assert [stay.left_at is None for stay in stays] == [False, True]


def test_many_employees_are_asked_by_owner(cast: Cast, corp: Corp, chat_id: str) -> None:
    corp.fault("errcode", "externalcontact/groupchat/list", 81017, times=1)
    assert _walk(cast).counts["groups"] == 1


def test_an_owner_who_left_is_shown(cast: Cast, corp: Corp, chat_id: str) -> None:
    corp.act("member_resign", userid="alice")
    _walk(cast)
    assert GroupChat.objects.get().state == "owner_left"


# Pages


@pytest.fixture
def chat(cast: Cast, corp: Corp, chat_id: str) -> GroupChat:
    _walk(cast)
    return GroupChat.objects.get()


def test_groups_are_seen_by_their_owner_and_above(cast: Cast, sign_in, chat: GroupChat) -> None:
    for user in (cast.alice, cast.admin, cast.hq):
        assert "理财群" in sign_in(user).get("/groups/").content.decode()
        assert sign_in(user).get(f"/groups/{chat.pk}/").status_code == 200
    for user in (cast.amy, cast.bob, cast.admin_shanghai):
        assert "理财群" not in sign_in(user).get("/groups/").content.decode()
        assert sign_in(user).get(f"/groups/{chat.pk}/").status_code == 404


def test_customers_of_others_have_no_name_in_a_group(cast: Cast, sign_in, chat: GroupChat) -> None:
    own = sign_in(cast.alice).get(f"/groups/{chat.pk}/").content.decode()
    assert "王芳" in own  # her own
    assert "赵磊" not in own
    assert "赵**" in own
    above = sign_in(cast.admin).get(f"/groups/{chat.pk}/").content.decode()
    assert "王芳" in above
    assert "赵磊" in above


def test_a_customers_groups_stand_on_360_as_far_as_one_may_see(
    cast: Cast, sign_in, chat: GroupChat
) -> None:
    mine = sign_in(cast.alice).get(f"/customers/{cast.wang.pk}/").content.decode()
    assert "理财群" in mine
    amys = sign_in(cast.amy).get(f"/customers/{cast.zhao.pk}/").content.decode()
    assert "理财群" not in amys
    assert "另有 1 个群" in amys
    nobody = sign_in(cast.bob).get(f"/customers/{cast.li.pk}/").content.decode()
    assert "个群" not in nobody


def test_the_list_is_searched_and_dismissed_groups_stand_apart(
    cast: Cast, sign_in, chat: GroupChat
) -> None:
    client = sign_in(cast.alice)
    assert "理财群" in client.get("/groups/", {"q": "理财"}).content.decode()
    assert "理财群" not in client.get("/groups/", {"q": "没有"}).content.decode()
    GroupChat.objects.update(state="dismissed")
    assert "理财群" not in client.get("/groups/").content.decode()
    assert "理财群" in client.get("/groups/", {"state": "dismissed"}).content.decode()
