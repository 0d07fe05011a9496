"""The full walk over friendships: complete, resumable, never stronger than a newer event."""

import datetime
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from channels.models import SyncRun
from channels.sync import ahead, walk
from channels.sync.kind import Page
from contacts import intake
from contacts.models import CustomerEvent, ExternalContact, Follow
from scrm.core.errors import BusinessError
from tests.factories import cast as cast_factory
from tests.factories.cast import Cast
from tests.factories.wecom import Corp, contact, world

ROOT = Path(__file__).resolve().parents[2]
TEAM = {"alice": "陈静怡", "amy": "孙悦", "bob": "刘洋"}
LATER = datetime.timedelta(minutes=1)


def _walk(cast: Cast, kind: str = "contacts") -> SyncRun:
    run = walk.start(kind=kind, actor=cast.hq)
    walk.proceed(run)
    run.refresh_from_db()
    return run


def _crowd(corp: Corp, size: int) -> None:
    people = [contact(f"wmX{n:05d}", list(TEAM)[n % 3]) for n in range(size)]
    corp.post("world", world(TEAM, people))


def _age(run: SyncRun) -> None:
    """As if the worker had been dead for a while."""
    past = timezone.now() - datetime.timedelta(minutes=5)
    SyncRun.objects.filter(pk=run.pk).update(touched_at=past)


def test_everyone_arrives_and_is_matched(cast: Cast, corp: Corp) -> None:
    run = _walk(cast)
    assert run.state == SyncRun.State.DONE
    assert (run.done, run.total) == (3, 3)
    found = {name: count for name, count in run.counts.items() if count}
    assert found == {"contacts": 3, "follows": 3, "matched": 3}
    linked = ExternalContact.objects.values_list("external_userid", "customer__name")
    assert dict(linked) == {"wmC00000001": "王芳", "wmC00000002": "赵磊", "wmC00000003": "李娜"}


def test_many_pages_arrive_once_each(cast: Cast, corp: Corp) -> None:
    """Short pages, several employees in one call, pages read ahead of being written."""
    _crowd(corp, 650)
    run = _walk(cast)
    assert run.counts["follows"] == Follow.objects.count() == 650
    calls = corp.get("stats")["calls"]["externalcontact/batch/get_by_user"]
    assert calls < 15  # three employees share their calls
    again = _walk(cast)
    assert (again.counts["matched"], again.counts["lost"]) == (0, 0)
    assert Follow.objects.count() == 650


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
    _age(run)
    assert walk.resume_stalled() == 1
    run.refresh_from_db()
    assert run.state == SyncRun.State.DONE
    assert Follow.objects.count() == 3


def test_a_fault_of_ours_is_told_and_ends_the_walk_in_the_end(
    cast: Cast, corp: Corp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise ValueError("secret detail")

    monkeypatch.setattr(intake, "take_in_page", broken)
    run = walk.start(actor=cast.hq)
    walk.proceed(run)
    assert run.state == SyncRun.State.RUNNING
    assert "已记入日志" in run.error
    assert "secret" not in run.error
    for _ in range(4):
        walk.proceed(run)
    assert run.state == SyncRun.State.FAILED


def test_only_one_walk_at_a_time(cast: Cast, corp: Corp) -> None:
    walk.start(actor=cast.hq)
    with pytest.raises(BusinessError, match="正在进行"):
        walk.start(actor=cast.hq)


def test_a_newer_event_wins_over_an_older_walk(cast: Cast, corp: Corp) -> None:
    _walk(cast)
    later = timezone.now() + LATER
    intake.mark_lost(
        user=cast.alice, external_userid="wmC00000001", state="deleted_by_rm", at=later
    )
    _walk(cast)
    assert Follow.objects.get(user=cast.alice).state == "deleted_by_rm"


def _vanish(corp: Corp) -> None:
    """王芳 is no friend of alice any more, and no callback told of it."""
    corp.act("member_delete", userid="alice", external_userid="wmC00000001")


def _backdate() -> None:
    Follow.objects.update(as_of=timezone.now() - LATER)


def test_a_complete_walk_ends_what_wecom_no_longer_has(cast: Cast, corp: Corp) -> None:
    _walk(cast)
    _backdate()
    _vanish(corp)
    assert _walk(cast).counts["lost"] == 1
    follow = Follow.objects.get(user=cast.alice)
    assert (follow.state, follow.lost_reason) == ("lost", "sync")
    assert CustomerEvent.objects.filter(kind="deleted", customer=cast.wang).count() == 1
    assert set(Follow.objects.exclude(user=cast.alice).values_list("state", flat=True)) == {
        "active"
    }


def test_an_incomplete_walk_ends_nothing(cast: Cast, corp: Corp) -> None:
    _walk(cast)
    _backdate()
    _vanish(corp)
    corp.fault("errcode", "externalcontact/batch/get_by_user", 48002, times=-1)
    assert _walk(cast).state == SyncRun.State.FAILED
    assert set(Follow.objects.values_list("state", flat=True)) == {"active"}


def test_a_friendship_that_an_event_touched_during_the_walk_is_not_ended(
    cast: Cast, corp: Corp
) -> None:
    _walk(cast)
    _backdate()
    _vanish(corp)
    Follow.objects.filter(user=cast.alice).update(as_of=timezone.now() + LATER)
    assert _walk(cast).counts["lost"] == 0


def test_pages_that_shifted_during_the_walk_end_nothing(cast: Cast, corp: Corp) -> None:
    """The friend stands in the second list although no page showed her."""
    _walk(cast)
    _backdate()
    run = walk.start(actor=cast.hq)
    run.plan, run.position, run.total = [["alice"]], {}, 1
    run.save()
    walk.proceed(run)
    follow = Follow.objects.get(user=cast.alice)
    assert (run.counts["lost"], follow.state) == (0, "active")
    assert follow.as_of >= run.started_at.replace(microsecond=0)


def test_employees_who_cannot_be_read_keep_their_friends(cast: Cast, corp: Corp) -> None:
    """One member out of sight spoils the call for the group; the others are read one by one."""
    _walk(cast)
    _backdate()
    run = walk.start(actor=cast.hq)
    run.plan, run.total = [["alice", "amy", "bob"]], 3
    run.position = {"group": 0, "cursor": ""}
    run.save()
    corp.post("settings", {"hidden_members": ["amy"]})
    walk.proceed(run)
    assert (run.state, run.unread, run.done) == ("done", ["amy"], 3)
    assert run.counts["follows"] == 2
    assert set(Follow.objects.values_list("state", flat=True)) == {"active"}


def test_a_refused_app_ends_the_walk_with_the_reason(cast: Cast, corp: Corp) -> None:
    corp.fault("errcode", "externalcontact/get_follow_user_list", 48002, times=-1)
    run = _walk(cast)
    assert run.state == SyncRun.State.FAILED
    assert "可调用接口的应用" in run.error


def test_what_was_read_before_a_failure_is_written_before_it_is_told() -> None:
    now = timezone.now()

    def read(at: dict) -> Page:
        if at["page"] == 3:
            raise ValueError("third")
        return Page([at["page"]], {"page": at["page"] + 1}, 0, now)

    seen = []
    with pytest.raises(ValueError, match="third"):
        for pages in ahead.batches(read, {"page": 0}):
            seen += [row for page in pages for row in page.rows]
    assert seen == [0, 1, 2]


_WORKER = """
import django; django.setup()
from channels.models import SyncRun
from channels.sync import walk
walk.proceed(SyncRun.objects.get())
"""


def _worker() -> "subprocess.Popen[bytes]":
    """A worker in a process of its own, on the test's database and sandbox."""
    database = connection.settings_dict
    host, user = database["HOST"] or "", database["USER"] or "postgres"
    address = f"postgresql://{user}:{database['PASSWORD'] or ''}@/{database['NAME']}?host={host}"
    if database["PORT"]:
        address += f"&port={database['PORT']}"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "scrm.settings.demo",
        "DATABASE_URL": address,
        "REDIS_URL": settings.REDIS_URL,
        "WECOM_API_URL": settings.WECOM_API_URL,
    }
    return subprocess.Popen([sys.executable, "-c", _WORKER], cwd=ROOT, env=environment)


def _wait_for_position(run: SyncRun) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        run.refresh_from_db()
        if run.position and run.position.get("cursor"):
            return
        time.sleep(0.01)
    raise AssertionError("the worker never wrote a page")


@pytest.mark.django_db(transaction=True)
def test_a_walk_survives_the_kill_of_its_worker(corp: Corp) -> None:
    cast = cast_factory.make()
    _crowd(corp, 900)
    run = walk.start(actor=cast.hq)
    corp.fault("latency", "externalcontact/batch/get_by_user", 0.2, times=-1)
    worker = _worker()
    try:
        _wait_for_position(run)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    requests_left = 900 - Follow.objects.count()
    assert 0 < requests_left < 900
    corp.http.delete(corp.base + "faults", timeout=5)
    assert walk.resume_stalled() == 0  # it may still be alive
    _age(run)
    assert walk.resume_stalled() == 1
    run.refresh_from_db()
    assert (run.state, run.done, run.total) == ("done", 3, 3)
    assert Follow.objects.count() == ExternalContact.objects.count() == 900
    assert run.counts["follows"] == 900  # nothing was counted twice
