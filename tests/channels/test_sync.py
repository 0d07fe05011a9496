"""The full walk: complete, matched, resumable, and never stronger than a newer event."""

import datetime

import pytest
from django.utils import timezone

from channels.models import SyncRun
from channels.sync import walk
from contacts import intake
from contacts.models import ExternalContact, Follow
from scrm.core.errors import BusinessError
from tests.factories.cast import Cast
from tests.factories.wecom import Corp, contact, world


def _walk(cast: Cast) -> SyncRun:
    run = walk.start(actor=cast.hq)
    walk.proceed(run)
    run.refresh_from_db()
    return run


def test_everyone_arrives_and_is_matched(cast: Cast, corp: Corp) -> None:
    run = _walk(cast)
    assert run.state == SyncRun.State.DONE
    assert {name: count for name, count in run.counts.items() if count} == {
        "contacts": 3,
        "follows": 3,
        "matched": 3,
    }
    linked = ExternalContact.objects.values_list("external_userid", "customer__name")
    assert dict(linked) == {"wmC00000001": "王芳", "wmC00000002": "赵磊", "wmC00000003": "李娜"}


def test_a_phone_names_a_customer_only_when_it_is_alone(cast: Cast, corp: Corp) -> None:
    cast.li.phone_index = cast.zhao.phone_index
    cast.li.save()
    people = [
        contact("wmA", "alice", mobiles=["+86 13800000001"]),
        contact("wmB", "alice", mobiles=["13800000002"]),
        contact("wmC", "alice"),
    ]
    corp.post("world", world({"alice": "陈静怡"}, people))
    _walk(cast)
    linked = dict(ExternalContact.objects.values_list("external_userid", "customer__number"))
    assert linked == {"wmA": "C00000001", "wmB": None, "wmC": None}


def test_a_walk_that_broke_goes_on_where_it_stood(cast: Cast, corp: Corp) -> None:
    run = walk.start(actor=cast.hq)
    corp.fault("drop_before", "externalcontact/batch/get_by_user", times=3)
    walk.proceed(run)
    assert run.state == SyncRun.State.RUNNING
    assert run.error
    SyncRun.objects.update(touched_at=timezone.now() - datetime.timedelta(minutes=5))
    assert walk.resume_stalled() == 1
    run.refresh_from_db()
    assert run.state == SyncRun.State.DONE
    assert Follow.objects.count() == 3


def test_only_one_walk_at_a_time(cast: Cast, corp: Corp) -> None:
    walk.start(actor=cast.hq)
    with pytest.raises(BusinessError, match="正在进行"):
        walk.start(actor=cast.hq)


def test_a_newer_event_wins_over_an_older_walk(cast: Cast, corp: Corp) -> None:
    _walk(cast)
    later = timezone.now() + datetime.timedelta(minutes=1)
    intake.mark_lost(
        user=cast.alice, external_userid="wmC00000001", state="deleted_by_rm", at=later
    )
    _walk(cast)
    assert Follow.objects.get(user=cast.alice).state == "deleted_by_rm"


def test_a_refused_app_ends_the_walk_with_the_reason(cast: Cast, corp: Corp) -> None:
    corp.fault("errcode", "externalcontact/get_follow_user_list", 48002, times=-1)
    run = _walk(cast)
    assert run.state == SyncRun.State.FAILED
    assert "可调用接口的应用" in run.error
