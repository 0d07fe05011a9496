"""Handling of events: idempotent, ordered by WeCom's time, retried, dead-lettered, replayed."""

import datetime

import pytest
from django.conf import settings
from django.utils import timezone

from channels import selectors
from channels.inbox import intake, processing
from channels.models import InboxEvent
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


def test_a_dead_letter_is_replayed_once_and_only_a_dead_one(cast: Cast, corp: Corp) -> None:
    receive("add_external_contact", timezone.now(), who="wmUNKNOWN")
    processing.drain()
    event = InboxEvent.objects.get()
    assert event.state == "dead"
    processing.replay(event=event, actor=cast.hq)
    assert _states() == ["new"]
    with pytest.raises(BusinessError):
        processing.replay(event=event, actor=cast.hq)


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
