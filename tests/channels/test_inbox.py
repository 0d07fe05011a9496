"""Handling of events: idempotent, ordered by WeCom's time, retried, dead-lettered, replayed."""

import datetime

import pytest
from django.conf import settings
from django.utils import timezone

from channels import selectors, signals
from channels.inbox import intake, processing
from channels.models import InboxEvent, Welcome
from contacts.models import CustomerEvent, ExternalContact, Follow
from scrm.core.errors import BusinessError
from tests.factories.cast import Cast, befriend
from tests.factories.wecom import Corp


def receive(
    change: str,
    at: datetime.datetime,
    who: str = "wmC00000001",
    *,
    corp_id: str = "",
    event: str = "change_external_contact",
    **fields: str,
) -> None:
    more = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    xml = (
        f"<xml><CreateTime>{int(at.timestamp())}</CreateTime><Event>{event}</Event>"
        f"<ChangeType>{change}</ChangeType><UserID>alice</UserID>"
        f"<ExternalUserID>{who}</ExternalUserID>{more}</xml>"
    )
    intake.store(corp_id=corp_id or settings.WECOM_CORP_ID, agent_id="1", xml=xml.encode())


def _states() -> list[str]:
    return list(InboxEvent.objects.order_by("id").values_list("state", flat=True))


def test_an_added_friend_is_fetched_and_matched(cast: Cast, corp: Corp) -> None:
    receive("add_external_contact", timezone.now())
    processing.drain()
    follow = Follow.objects.get(user=cast.alice)
    assert follow.state == Follow.State.ACTIVE
    assert follow.contact.customer == cast.wang
    assert follow.contact.matched_by == "unionid"
    assert _states() == ["done"]


def test_a_late_older_event_does_not_undo_a_newer_one(cast: Cast, corp: Corp) -> None:
    now = timezone.now()
    receive("add_external_contact", now - datetime.timedelta(hours=2))
    processing.drain()
    receive("del_follow_user", now)
    processing.drain()
    receive("edit_external_contact", now - datetime.timedelta(hours=1))
    processing.drain()
    assert Follow.objects.get(user=cast.alice).state == Follow.State.DELETED_BY_CUSTOMER


def test_unknown_types_are_shown_not_dropped(cast: Cast, corp: Corp) -> None:
    receive("something_new", timezone.now())
    processing.drain()
    assert _states() == ["ignored"]


def test_a_passing_failure_is_retried_and_a_final_one_is_dead(cast: Cast, corp: Corp) -> None:
    corp.fault("errcode", "externalcontact/get", -1, times=3)
    receive("add_external_contact", timezone.now())
    processing.drain()
    event = InboxEvent.objects.get()
    assert (event.state, event.attempts) == ("new", 1)
    assert "稍后" in event.last_error
    InboxEvent.objects.update(next_attempt_at=timezone.now())
    processing.drain()
    assert _states() == ["done"]


def test_a_dead_letter_is_replayed_once_and_not_while_it_waits(cast: Cast, corp: Corp) -> None:
    receive("add_external_contact", timezone.now(), who="wmUNKNOWN")
    processing.drain()
    event = InboxEvent.objects.get()
    assert event.state == "dead"
    assert processing.replay(ids=[event.pk], actor=cast.hq) == 1
    assert _states() == ["new"]
    with pytest.raises(BusinessError):
        processing.replay(ids=[event.pk], actor=cast.hq)


def test_replaying_everything_changes_nothing(cast: Cast, corp: Corp) -> None:
    """Every effect is counted before and after, also what listeners heard."""
    heard: list[str] = []

    def listen(change: str, **_: object) -> None:
        heard.append(change)

    signals.follow_changed.connect(listen)
    now = timezone.now()
    receive("add_external_contact", now - datetime.timedelta(hours=3))
    receive("edit_external_contact", now - datetime.timedelta(hours=2))
    receive("transfer_fail", now - datetime.timedelta(hours=2), FailReason="customer_refused")
    receive("del_follow_user", now - datetime.timedelta(hours=1))
    receive("something_new", now)
    processing.drain()

    def effects() -> tuple:
        follows = list(Follow.objects.values_list("user", "contact", "state", "lost_at", "as_of"))
        facts = sorted(CustomerEvent.objects.values_list("kind", "key"))
        return follows, facts, list(heard), Welcome.objects.count()

    before = effects()
    assert heard == ["added", "deleted_by_customer"]
    for _ in range(2):
        ids = list(InboxEvent.objects.values_list("pk", flat=True))
        assert processing.replay(ids=ids, actor=cast.hq) == 5
        processing.drain()
        assert effects() == before
    assert sorted(_states()) == ["done"] * 4 + ["ignored"]
    signals.follow_changed.disconnect(listen)


def test_at_most_two_hundred_are_replayed_at_once(cast: Cast) -> None:
    with pytest.raises(BusinessError):
        processing.replay(ids=list(range(1, 202)), actor=cast.hq)
    with pytest.raises(BusinessError):
        processing.replay(ids=[], actor=cast.hq)


def test_a_dead_workers_claim_is_taken_over(cast: Cast, corp: Corp) -> None:
    receive("add_external_contact", timezone.now())
    past = timezone.now() - datetime.timedelta(seconds=1)
    InboxEvent.objects.update(state="claimed", next_attempt_at=past)
    processing.drain()
    assert _states() == ["done"]
    assert ExternalContact.objects.count() == 1


def test_a_half_added_customer_is_no_dead_letter(cast: Cast, corp: Corp) -> None:
    half = corp.act("customer_add", userid="alice", name="钱先生", half=True)["external_userid"]
    receive("add_half_external_contact", timezone.now(), who=half)
    processing.drain()
    assert _states() == ["done"]
    assert not Follow.objects.exists()
    note = CustomerEvent.objects.get(kind="half_added")
    assert (note.user, note.properties["external_userid"]) == (cast.alice, half)
    corp.act("customer_add", userid="alice", external_userid=half)
    receive("add_external_contact", timezone.now(), who=half)
    processing.drain()
    assert Follow.objects.get().state == Follow.State.ACTIVE


def test_an_edit_of_a_relation_that_is_gone_is_no_dead_letter(cast: Cast, corp: Corp) -> None:
    corp.act("member_delete", userid="alice", external_userid="wmC00000001")
    receive("edit_external_contact", timezone.now())
    processing.drain()
    assert _states() == ["done"]


@pytest.mark.parametrize(
    ("source", "state"), [("", "deleted_by_rm"), ("DELETE_BY_TRANSFER", "transferred")]
)
def test_who_removed_the_customer_is_kept(cast: Cast, corp: Corp, source: str, state: str) -> None:
    now = timezone.now()
    receive("add_external_contact", now - datetime.timedelta(hours=1))
    receive("del_external_contact", now, Source=source)
    processing.drain()
    assert Follow.objects.get(user=cast.alice).state == state


def test_a_refused_transfer_and_an_agreement_are_kept_as_facts(cast: Cast, corp: Corp) -> None:
    befriend(cast.wang)
    receive("transfer_fail", timezone.now(), FailReason="customer_refused")
    receive("msg_audit_approved", timezone.now())
    for _ in range(2):
        processing.drain()
        InboxEvent.objects.update(state="new", next_attempt_at=timezone.now())
    facts = CustomerEvent.objects.filter(customer=cast.wang).order_by("kind")
    assert [row.kind for row in facts] == ["archive_agreed", "transfer_failed"]
    assert facts[1].properties["reason"] == "客户拒绝"


def test_a_bad_balance_is_told_until_it_is_better(cast: Cast) -> None:
    now = timezone.now()
    assert selectors.acquisition_warning() == ""
    receive("balance_low", now - datetime.timedelta(hours=2), event="customer_acquisition")
    assert selectors.acquisition_warning() == "获客额度不足"
    receive("balance_increased", now, event="customer_acquisition")
    assert selectors.acquisition_warning() == ""
