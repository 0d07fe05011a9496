"""What fails beside a killed process: Redis lost (F15), PostgreSQL failing over in the middle of an
approval (F16), a full disk (F17). Afterwards nothing is half done, and what was held is still held.
"""

import resource
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import OperationalError, connection
from pytest_django.fixtures import Settings

from channels.signals import archive_notified
from compliance import alerts
from compliance.archive import rounds
from compliance.archive.log import anchors
from compliance.archive.verify.service import verify
from compliance.keeping import holds, purges
from compliance.models import (
    Alert,
    ArchivedMedia,
    ArchivedMessage,
    Decision,
    LogLeaf,
    PurgeRequest,
)
from scrm.audit.models import AuditEvent
from scrm.audit.signals import recorded
from scrm.celery import app
from scrm.core import bell
from tests.compliance.test_crash import _assert_proven, _assert_whole, bank
from tests.compliance.test_keeping import _old
from tests.factories import forks
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import Chat, alert

__all__ = ["bank"]
pytestmark = pytest.mark.django_db(transaction=True)


def _without_redis(work: Callable[[], object]) -> Callable[[], object]:
    """The work as a process does it whose broker is gone."""

    def alone() -> object:
        app.conf.broker_url = app.conf.broker_write_url = "redis://127.0.0.1:1/0"
        bell._away["until"] = 0.0
        return work()

    return alone


def test_lost_redis_loses_no_message_and_no_hold(
    bank: Chat, cast: Cast, settings: Settings
) -> None:
    """F15: nobody hears of the records, nor of the hold on a purge under way. The rows know."""
    bank.say("alice", befriend(cast.zhao).external_userid, "六年前说的", at=_old(6))

    def told() -> None:
        archive_notified.send(None, corp_id=settings.WECOM_CORP_ID)
        assert bell._away["until"] > 0

    assert forks.run(_without_redis(told))
    assert ArchivedMessage.objects.count() == 0
    assert forks.run(_without_redis(rounds.sweep))
    assert ArchivedMessage.objects.count() == len(bank.rows)
    assert Alert.objects.count() == 1
    request = purges.purge_propose(reason="到期", actor=cast.officer_head)
    purges.purge_decide(request=request, approve=True, decision="同意", actor=cast.hq)
    hold = partial(holds.hold_place, matter="案", reason="r", actor=cast.hq, customer=cast.zhao)
    assert forks.run(_without_redis(hold))
    assert forks.run(_without_redis(purges.purges_run))
    assert request.items.get().state == "kept"
    assert not ArchivedMessage.objects.filter(content="").exists()
    _assert_proven()


def _fails_over(work: Callable[[], object]) -> bool:
    """Does the work; the server ends its session right after the audit row was written."""

    def end(**_: Any) -> None:
        pid = connection.connection.info.backend_pid
        with psycopg2.connect(connection.connection.dsn) as other, other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        other.close()

    recorded.connect(end, weak=False)
    try:
        work()
    except OperationalError:
        return True
    finally:
        recorded.disconnect(end)
    return False


def _assert_lost(work: Callable[[], object]) -> None:
    def lost() -> None:
        assert _fails_over(work), "the approval did not notice"

    assert forks.run(lost)


def test_a_purge_approval_is_whole_or_not_at_all(cast: Cast, chat: Chat) -> None:
    """F16: neither the state, nor the audit row, nor the leaf of what failed; then all three."""
    chat.say("alice", befriend(cast.wang).external_userid, "旧", at=_old(6))
    chat.archive()
    request = purges.purge_propose(reason="到期", actor=cast.officer_head)
    leaves = LogLeaf.objects.count()

    def approve() -> object:
        return purges.purge_decide(request=request, approve=True, decision="同意", actor=cast.hq)

    _assert_lost(approve)
    state = PurgeRequest.objects.values_list("state", flat=True)
    audited = AuditEvent.objects.filter(action="purge.approve")
    assert (state.get(), audited.count()) == ("proposed", 0)
    assert LogLeaf.objects.count() == leaves
    assert forks.run(purges.purges_run)
    assert not ArchivedMessage.objects.filter(content="").exists()
    assert forks.run(approve)
    assert (state.get(), audited.count(), LogLeaf.objects.count()) == ("running", 1, leaves + 1)
    _assert_proven()


def test_a_second_decision_is_whole_or_not_at_all(cast: Cast, chat: Chat) -> None:
    """F16 in the review desk: the alert stays where it was, and nobody has decided."""
    row = alert(chat, cast.alice, befriend(cast.wang), severity=2)
    alerts.alert_claim(alert=row, actor=cast.officer)
    before = Alert.objects.get(pk=row.pk).state

    def decide() -> object:
        return alerts.alert_decide(
            alert=row, decision="confirm", reason="承诺保本", actor=cast.officer
        )

    _assert_lost(decide)
    assert (Alert.objects.get(pk=row.pk).state, Decision.objects.count()) == (before, 0)
    assert forks.run(decide)
    assert Decision.objects.count() == LogLeaf.objects.filter(kind="decision").count() == 1
    _assert_proven()


def _on_a_full_disk(work: Callable[[], object], room: int) -> None:
    """No file can grow beyond so many bytes: writes fail as on a full disk."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        work()

    assert forks.run(limited)


def test_a_full_disk_delays_media_and_loses_none(bank: Chat) -> None:
    """F17: the file could not be written; WeCom still has it, so it is fetched again."""
    assert forks.run(rounds.sweep)
    _on_a_full_disk(rounds.fetch_media, 100)
    row = ArchivedMedia.objects.get()
    assert row.state == "waiting"
    assert "文件无法写入" in row.error
    ArchivedMedia.objects.update(next_try_at=_old(0))
    assert forks.run(rounds.fetch_media)
    _assert_whole(bank)


def test_a_full_disk_tears_an_anchor_and_the_next_one_stands(bank: Chat) -> None:
    """F17: half a line in the anchor file covers nothing, and does not spoil the line after it."""
    assert forks.run(rounds.sweep)
    anchors.anchor()
    whole = Path(anchors.path()).stat().st_size
    bank.say("alice", bank.to, "又一条")  # type: ignore[attr-defined]
    assert forks.run(rounds.sweep)

    def refused() -> None:
        with pytest.raises(OSError, match="too large"):
            anchors.anchor()

    _on_a_full_disk(refused, whole + 50)
    assert Path(anchors.path()).stat().st_size == whole + 50
    assert verify().unproven > 0
    assert forks.run(anchors.anchor)
    verdict = verify()
    assert verdict.ok, verdict.sentence
    assert verdict.unproven == 0
