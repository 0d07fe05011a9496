"""The lane of greetings: approved words, once, in time, and honest about what is not known."""

import datetime
import time

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from campaigns.library import services as library
from campaigns.models import WelcomeRule
from channels.inbox import processing
from channels.models import InboxEvent, Welcome
from channels.outbox import greeting, welcomes
from channels.providers.wecom.api.welcome import Welcome as WelcomeCalls
from compliance.models import Review
from contacts import timeline
from contacts.models import ExternalContact
from scrm.accounts.models import User
from tests.factories import welcome as factory
from tests.factories.cast import Cast, allow, befriend, product
from tests.factories.wecom import Corp

SEND = "externalcontact/send_welcome_msg"


def _sent(row: Welcome) -> tuple[str, str]:
    row.refresh_from_db()
    return row.state, row.reason


def _calls(corp: Corp) -> int:
    return corp.get("stats")["calls"].get(SEND, 0)


def _due(row: Welcome) -> None:
    Welcome.objects.filter(pk=row.pk).update(next_attempt_at=timezone.now())


def test_a_new_friend_is_greeted_once(cast: Cast, corp: Corp) -> None:
    factory.rule(cast)
    row = factory.befriend(corp)
    assert welcomes.send_due() == 1
    assert welcomes.send_due() == 0
    assert _sent(row) == ("sent", "")
    assert corp.received(row.external_userid) == ["您好，我是东城支行的陈静怡，很高兴认识您。"]
    assert (row.attempts, _calls(corp)) == (1, 1)
    assert row.cleared_by == "compliance.gate"
    assert row.clearance_rules["checks"] == (
        "content,audience,containment,opt_out,suitability,lexicon"
    )
    assert len(row.clearance_hash) == 64


def test_no_customer_is_read_before_the_greeting(cast: Cast, corp: Corp) -> None:
    factory.rule(cast)
    factory.befriend(corp)
    welcomes.send_due()
    calls = {path for path, count in corp.get("stats")["calls"].items() if count}
    assert calls - {"gettoken"} == {SEND}


def test_the_code_lies_nowhere_in_the_open_and_goes_after_use(cast: Cast, corp: Corp) -> None:
    factory.rule(cast)
    row = factory.befriend(corp)
    code = factory.code_of(corp.get("callbacks")["callbacks"][0]["xml"])
    assert row.code == code
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w::text || e::text FROM channels_welcome w, channels_inboxevent e"
            " WHERE e.id = w.event_id"
        )
        assert code not in cursor.fetchone()[0]
    welcomes.send_due()
    row.refresh_from_db()
    assert row.code == ""


def test_a_repeated_push_owes_no_second_greeting(cast: Cast, corp: Corp) -> None:
    factory.rule(cast)
    factory.befriend(corp)
    welcomes.send_due()
    factory.arrived(corp)
    welcomes.send_due()
    assert (InboxEvent.objects.count(), Welcome.objects.count(), _calls(corp)) == (1, 1, 1)


def test_a_replayed_event_greets_nobody_again(cast: Cast, corp: Corp) -> None:
    factory.rule(cast)
    row = factory.befriend(corp)
    welcomes.send_due()
    InboxEvent.objects.update(state="dead")
    processing.replay(ids=[row.event_id], actor=cast.hq)
    processing.drain()
    welcomes.send_due()
    assert (Welcome.objects.count(), _calls(corp)) == (1, 1)
    assert len(corp.received(row.external_userid)) == 1


# Which rule


def test_the_nearest_rule_wins(cast: Cast, corp: Corp) -> None:
    factory.rule(cast, cast.hq, body="总行", branch=cast.head)
    factory.rule(cast, cast.hq, body="北京", branch=cast.beijing)
    own = factory.rule(cast, cast.hq, body="经理", scope="employee", user=cast.alice)
    channel = factory.rule(cast, cast.hq, body="渠道", scope="channel", channel_state="lobby")

    def said(userid: str, state: str = "") -> list[str]:
        row = factory.befriend(corp, userid, state)
        welcomes.send_due()
        return corp.received(row.external_userid)

    assert said("alice", "lobby") == ["渠道"]
    assert said("alice", "unknown") == ["经理"]
    assert said("amy") == ["北京"]
    assert said("bob") == ["总行"]
    WelcomeRule.objects.filter(pk__in=[own.pk, channel.pk]).update(is_active=False)
    assert said("alice", "lobby") == ["北京"]


def test_without_a_rule_nothing_is_said(cast: Cast, corp: Corp) -> None:
    row = factory.befriend(corp)
    welcomes.send_due()
    assert _sent(row) == ("skipped", "没有适用的欢迎语。")
    assert _calls(corp) == 0


# The gate


def test_withdrawn_content_falls_back_to_the_next_rule(cast: Cast, corp: Corp) -> None:
    factory.rule(cast, cast.hq, body="总行", branch=cast.head)
    near = factory.rule(cast, cast.hq, body="北京", branch=cast.beijing)
    library.version_withdraw(version=near.version, actor=cast.hq, reason="错")
    row = factory.befriend(corp)
    welcomes.send_due()
    assert corp.received(row.external_userid) == ["总行"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"body": "改过了"}, "审批后有改动"),
        ({"valid_until": datetime.date(2020, 1, 1)}, "内容审批"),
    ],
)
def test_changed_or_expired_content_is_stopped(
    cast: Cast, corp: Corp, change: dict, word: str
) -> None:
    rule = factory.rule(cast)
    type(rule.version).objects.filter(pk=rule.version_id).update(**change)
    row = factory.befriend(corp)
    welcomes.send_due()
    state, reason = _sent(row)
    assert (state, _calls(corp)) == ("skipped", 0)
    assert word in reason


def test_the_lexicon_of_today_counts(cast: Cast, corp: Corp) -> None:
    """Approved under yesterday's lexicon; the digest fits, the words do not."""
    rule = factory.rule(cast)
    version = rule.version
    type(version).objects.filter(pk=version.pk).update(body="本产品保本保息，稳赚不赔，绝对安全")
    version.refresh_from_db()
    digest = library.freeze(version).digest
    Review.objects.filter(object_id=version.pk).update(digest=digest)
    row = factory.befriend(corp)
    welcomes.send_due()
    state, reason = _sent(row)
    assert (state, _calls(corp)) == ("skipped", 0)
    assert reason.startswith("词库")


def test_a_withdrawn_consent_is_respected_and_a_missing_one_is_not_needed(
    cast: Cast, corp: Corp
) -> None:
    factory.rule(cast, cast.hq, branch=cast.head)
    known = befriend(cast.wang)
    allow(cast.wang, "withdrawn")
    row = factory.event("X1", userid="amy", who=known.external_userid)
    welcomes.send_due()
    assert _sent(row) == ("skipped", "授权：客户已撤回营销授权。")
    stranger = factory.befriend(corp)
    welcomes.send_due()
    assert _sent(stranger)[0] == "sent"


def test_a_stranger_hears_of_no_product(cast: Cast, corp: Corp) -> None:
    rule = factory.rule(cast)
    version = factory.version(cast, "理财", product(2))
    WelcomeRule.objects.filter(pk=rule.pk).update(version=version)
    row = factory.befriend(corp)
    welcomes.send_due()
    assert _sent(row)[1].startswith("适当性")


@pytest.mark.parametrize(
    ("change", "word"),
    [({"channels": ["mass_send"]}, "没有批准用于这个渠道"), ({"tiers": ["private"]}, "受众")],
)
def test_content_for_others_greets_no_stranger(
    cast: Cast, corp: Corp, change: dict, word: str
) -> None:
    """Also when such a version was put in force behind the form's back."""
    rule = factory.rule(cast)
    versions = type(rule.version).objects.filter(pk=rule.version_id)
    versions.update(**change)
    digest = library.freeze(versions.get()).digest
    Review.objects.filter(object_id=rule.version_id).update(digest=digest)
    row = factory.befriend(corp)
    welcomes.send_due()
    state, reason = _sent(row)
    assert (state, row.attempts) == ("skipped", 0)
    assert word in reason


def test_an_unknown_or_departed_employee_greets_nobody(cast: Cast, corp: Corp) -> None:
    factory.rule(cast, cast.hq, branch=cast.head)
    User.objects.filter(pk=cast.alice.pk).update(is_active=False)
    row = factory.befriend(corp)
    welcomes.send_due()
    assert _sent(row)[0] == "skipped"
    assert _calls(corp) == 0


def test_without_a_gate_nothing_leaves(cast: Cast, corp: Corp, monkeypatch) -> None:
    factory.rule(cast)
    monkeypatch.setattr(greeting, "_gates", [])
    row = factory.befriend(corp)
    welcomes.send_due()
    assert _sent(row)[0] == "skipped"
    assert _calls(corp) == 0


def test_quiet_hours_do_not_silence_an_answer(cast: Cast, corp: Corp, settings: Settings) -> None:
    settings.QUIET_HOURS = "00:00-23:59"
    factory.rule(cast)
    row = factory.befriend(corp)
    welcomes.send_due()
    assert _sent(row)[0] == "sent"


# What WeCom answers


@pytest.mark.parametrize(
    ("errcode", "state"),
    [(41050, "expired"), (41051, "skipped"), (41053, "skipped"), (48002, "failed")],
)
def test_each_refusal_is_what_it_is(cast: Cast, corp: Corp, errcode: int, state: str) -> None:
    factory.rule(cast)
    row = factory.befriend(corp)
    corp.fault("errcode", SEND, errcode, times=-1)
    welcomes.send_due()
    _due(row)
    welcomes.send_due()
    assert _sent(row)[0] == state
    assert row.attempts == 1


def test_a_greeting_in_progress_is_asked_again_while_the_code_lives(cast: Cast, corp: Corp) -> None:
    factory.rule(cast)
    row = factory.befriend(corp)
    corp.fault("errcode", SEND, 41096, times=1)
    welcomes.send_due()
    row.refresh_from_db()
    assert (row.state, row.settled_at) == ("new", None)
    assert row.next_attempt_at - timezone.now() < datetime.timedelta(seconds=1)
    _due(row)
    welcomes.send_due()
    assert _sent(row)[0] == "sent"
    assert row.attempts == 2


def test_in_progress_until_the_end_is_no_success(cast: Cast, corp: Corp) -> None:
    factory.rule(cast)
    row = factory.befriend(corp)
    corp.fault("errcode", SEND, 41096, times=-1)
    nearly = timezone.now() + datetime.timedelta(seconds=0.4)
    Welcome.objects.filter(pk=row.pk).update(deadline=nearly)
    welcomes.send_due()
    assert _sent(row)[0] == "failed"


@pytest.mark.parametrize("kind", ["drop_after", "empty"])
def test_an_unknown_end_is_never_repeated(cast: Cast, corp: Corp, kind: str) -> None:
    factory.rule(cast)
    row = factory.befriend(corp)
    corp.fault(kind, SEND)
    welcomes.send_due()
    _due(row)
    welcomes.send_due()
    welcomes.sweep()
    assert _sent(row)[0] == "uncertain"
    assert row.attempts == 1
    assert len(corp.received(row.external_userid)) <= 1


def test_a_dropped_agreement_brings_a_new_code(cast: Cast, corp: Corp) -> None:
    factory.rule(cast)
    corp.post("settings", {"welcome_needs_agree": True, "default_agree": "Disagree"})
    row = factory.befriend(corp)
    welcomes.send_due()
    assert "同意会话存档" in _sent(row)[1]
    corp.act("agree", userid="alice", external_userid=row.external_userid)
    later = factory.arrived(corp)
    assert later.event.change_type == "msg_audit_approved"
    welcomes.send_due()
    assert _sent(later)[0] == "sent"


# Time and death


def test_a_late_event_expires_without_a_call(cast: Cast, corp: Corp) -> None:
    factory.rule(cast)
    row = factory.event("LATE", at=time.time() - 30)
    assert welcomes.send_due() == 0
    welcomes.sweep()
    assert _sent(row)[0] == "expired"
    assert _calls(corp) == 0


class _KilledError(BaseException):
    """Stands for kill -9: nothing after it runs."""


@pytest.mark.parametrize("after_the_call", [False, True])
def test_a_worker_killed_around_the_call_sends_at_most_once(
    cast: Cast, corp: Corp, monkeypatch, after_the_call: bool
) -> None:
    factory.rule(cast)
    row = factory.befriend(corp)
    whole = WelcomeCalls.send

    def killed(*args: object) -> None:
        if after_the_call:
            whole(*args)  # type: ignore[arg-type]
        raise _KilledError

    monkeypatch.setattr(WelcomeCalls, "send", killed)
    with pytest.raises(_KilledError):
        welcomes.send_due()
    monkeypatch.setattr(WelcomeCalls, "send", whole)
    _due(row)
    assert welcomes.send_due() == 0
    long_ago = timezone.now() - datetime.timedelta(minutes=1)
    Welcome.objects.filter(pk=row.pk).update(sending_since=long_ago)
    welcomes.sweep()
    assert _sent(row)[0] == "uncertain"
    assert len(corp.received(row.external_userid)) == int(after_the_call)


def test_a_worker_killed_while_deciding_is_replaced(cast: Cast, corp: Corp, monkeypatch) -> None:
    factory.rule(cast)
    row = factory.befriend(corp)

    def killed(*args: object) -> None:
        raise _KilledError

    with monkeypatch.context() as patch:
        patch.setattr(greeting, "cleared", killed)
        with pytest.raises(_KilledError):
            welcomes.send_due()
    _due(row)
    welcomes.send_due()
    assert _sent(row)[0] == "sent"


def test_one_broken_row_does_not_stop_the_others(cast: Cast, corp: Corp, monkeypatch) -> None:
    factory.rule(cast)
    broken, fine = factory.befriend(corp), factory.befriend(corp, "amy")
    whole = greeting.cleared

    def cleared(row: Welcome) -> object:
        if row.pk == broken.pk:
            raise ValueError("a bug")
        return whole(row)

    monkeypatch.setattr(greeting, "cleared", cleared)
    welcomes.send_due()
    assert (_sent(broken)[0], _sent(fine)[0]) == ("new", "sent")


def test_the_customers_timeline_shows_it(cast: Cast, corp: Corp) -> None:
    factory.rule(cast)
    row = factory.befriend(corp)
    welcomes.send_due()
    ExternalContact.objects.create(
        external_userid=row.external_userid, name="新客", customer=cast.wang
    )
    titles = [entry.title for entry in timeline.entries(cast.wang, kind="chat")]
    assert "发送欢迎语" in titles
    assert "发送欢迎语" not in [e.title for e in timeline.entries(cast.zhao, kind="chat")]
