"""The mirror of WeCom's departments and members, and what head office reads from it."""

import datetime

import pytest
from django.utils import timezone

from channels.models import Department, Member, SyncRun
from channels.sync import walk
from scrm.accounts.models import User
from scrm.audit.models import AuditEvent
from tests.factories.cast import Cast, befriend
from tests.factories.wecom import Corp, deliver


def _walk(cast: Cast) -> SyncRun:
    run = walk.start(kind="org", actor=cast.hq)
    walk.proceed(run)
    run.refresh_from_db()
    return run


def _backdate() -> None:
    past = timezone.now() - datetime.timedelta(minutes=1)
    Member.objects.update(as_of=past)
    Department.objects.update(as_of=past)


def test_a_walk_mirrors_departments_and_ties_members_to_people(cast: Cast, corp: Corp) -> None:
    corp.act("department_change", id=2, name="北京分行", parentid=1)
    corp.act("member_join", userid="Carol", name="卡萝", department=[2])
    run = _walk(cast)
    assert (run.state, run.done, run.total) == ("done", 2, 2)
    assert (run.counts["departments"], run.counts["members"]) == (2, 4)
    assert Department.objects.get(wecom_id="2").parent_id_there == "1"
    users = dict(Member.objects.values_list("userid", "user__username"))
    assert users == {"alice": "alice", "amy": "amy", "bob": "bob", "Carol": None}


def test_userids_are_the_same_whatever_their_case(cast: Cast, corp: Corp) -> None:
    User.objects.filter(pk=cast.alice.pk).update(wecom_userid="Alice")
    _walk(cast)
    assert Member.objects.get(userid="alice").user == cast.alice


def test_who_is_gone_after_a_complete_walk_is_flagged_and_back_again(
    cast: Cast, corp: Corp
) -> None:
    _walk(cast)
    _backdate()
    corp.post("settings", {"hidden_members": ["alice"]})
    assert _walk(cast).counts["left"] == 1
    cast.alice.refresh_from_db()
    assert cast.alice.wecom_left_at is not None
    assert cast.alice.is_active  # what becomes of the account is head office's decision
    corp.post("settings", {"hidden_members": []})
    _walk(cast)
    cast.alice.refresh_from_db()
    assert cast.alice.wecom_left_at is None
    assert Member.objects.get(userid="alice").left_at is None


def test_an_incomplete_walk_takes_nobody_away(cast: Cast, corp: Corp) -> None:
    _walk(cast)
    _backdate()
    corp.post("settings", {"hidden_members": ["alice"]})
    corp.fault("errcode", "user/list", 48002, times=-1)
    assert _walk(cast).state == SyncRun.State.FAILED
    assert Member.objects.get(userid="alice").left_at is None


def test_events_change_members_and_departments(cast: Cast, corp: Corp) -> None:
    _walk(cast)
    corp.act("member_join", userid="carol", name="卡萝", department=[1])
    corp.act("member_change", userid="alice", name="陈静怡", position="高级客户经理")
    corp.act("department_change", id=7, name="上海分行", parentid=1)
    deliver(corp)
    assert Member.objects.get(userid="carol").name == "卡萝"
    assert Member.objects.get(userid="alice").position == "高级客户经理"
    assert Department.objects.get(wecom_id="7").name == "上海分行"
    emit = {"event": "change_contact", "change_type": "delete_user", "fields": {"UserID": "alice"}}
    corp.act("emit", **emit)
    gone = {"event": "change_contact", "change_type": "delete_party", "fields": {"Id": 7}}
    corp.act("emit", **gone)
    deliver(corp)
    cast.alice.refresh_from_db()
    assert cast.alice.wecom_left_at is not None
    assert Department.objects.get(wecom_id="7").removed_at is not None


def test_a_new_userid_takes_our_person_along(cast: Cast, corp: Corp) -> None:
    _walk(cast)
    corp.act("member_join", userid="alice.chen", name="陈静怡", department=[1])
    fields = {"UserID": "alice", "NewUserID": "alice.chen", "Department": "1"}
    corp.act("emit", event="change_contact", change_type="update_user", fields=fields)
    deliver(corp)
    cast.alice.refresh_from_db()
    assert cast.alice.wecom_userid == "alice.chen"
    assert Member.objects.get(user=cast.alice).userid == "alice.chen"


def test_an_older_walk_does_not_undo_an_event(cast: Cast, corp: Corp) -> None:
    _walk(cast)
    later = timezone.now() + datetime.timedelta(hours=1)
    Member.objects.filter(userid="alice").update(left_at=later, as_of=later)
    _walk(cast)
    assert Member.objects.get(userid="alice").left_at == later


@pytest.fixture
def mirrored(cast: Cast, corp: Corp) -> Department:
    corp.act("member_join", userid="carol", name="卡萝", department=[1])
    _walk(cast)
    return Department.objects.get(wecom_id="1")


def test_head_office_sees_who_is_missing_where(cast: Cast, sign_in, mirrored: Department) -> None:
    befriend(cast.li)
    User.objects.filter(pk=cast.bob.pk).update(wecom_left_at=timezone.now())
    Member.objects.filter(user=cast.amy).update(user=None)
    client = sign_in(cast.hq)

    def tab(name: str) -> str:
        return client.get("/connection/org/", {"tab": name}).content.decode()

    assert "卡萝" in tab("members")
    assert "陈静怡" not in tab("members")
    assert "孙悦" in tab("users")
    assert "刘洋" not in tab("users")
    assert "刘洋" in tab("leavers")
    assert "陈静怡" not in tab("leavers")


def test_head_office_links_a_department_to_a_branch(
    cast: Cast, sign_in, mirrored: Department
) -> None:
    path = f"/connection/org/departments/{mirrored.pk}/"
    client = sign_in(cast.hq)
    client.post(path, {"branch": cast.beijing.pk})
    mirrored.refresh_from_db()
    assert mirrored.branch == cast.beijing
    event = AuditEvent.objects.get(action="department.link")
    assert (event.before, event.after) == ({"机构": ""}, {"机构": "北京分行"})
    _walk(cast)
    mirrored.refresh_from_db()
    assert mirrored.branch == cast.beijing  # a walk does not undo it
    client.post(path, {"branch": ""})
    mirrored.refresh_from_db()
    assert mirrored.branch is None
    assert sign_in(cast.admin).post(path, {"branch": ""}).status_code == 403
