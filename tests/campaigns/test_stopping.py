"""Stopping holds: what is queued, in flight, in doubt or at WeCom does not go out afterwards."""

import datetime

import pytest
from django.utils import timezone

from campaigns import running, services
from campaigns.library import services as library
from campaigns.models import Campaign, Delivery
from channels.models import OutboxTask
from channels.outbox import queue, reconcile, sending
from channels.outbox.clearance import seal_of
from channels.providers.wecom.api import wecom
from contacts.models import CustomerEvent, Follow
from scrm.core.errors import BusinessError
from tests.factories import campaign as factory
from tests.factories.cast import Cast, allow, befriend
from tests.factories.wecom import Corp


@pytest.fixture
def launched(cast: Cast, corp: Corp) -> Campaign:
    factory.friends(cast)
    campaign = factory.approved(cast)
    services.campaign_launch(campaign=campaign, actor=cast.admin)
    running.run(campaign.pk)
    return campaign


def _states() -> set[tuple[str, str]]:
    return set(Delivery.objects.values_list("state", "reason"))


def _let_time_pass() -> None:
    past = timezone.now() - datetime.timedelta(minutes=10)
    OutboxTask.objects.update(next_attempt_at=past, sending_since=past)


def test_cancel_takes_the_queue_and_gives_the_caps_back(
    launched: Campaign, cast: Cast, corp: Corp
) -> None:
    services.campaign_cancel(campaign=launched, actor=cast.admin, reason="停")
    sending.send_due()
    assert _states() == {("suppressed", "cancelled")}
    assert corp.tasks() == []
    assert not CustomerEvent.objects.filter(kind="mass_send").exists()


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
def test_cancel_holds_for_a_call_whose_answer_never_came(
    launched: Campaign, cast: Cast, corp: Corp, fault: str
) -> None:
    """drop_before: the task was never made and never will be. drop_after: found, then stopped."""
    corp.fault(fault, "externalcontact/add_msg_template", times=2)
    sending.send_due()
    services.campaign_cancel(campaign=launched, actor=cast.admin, reason="停")
    _let_time_pass()
    reconcile.reconcile_due()
    sending.send_due()
    queue.cancel_due()
    corp.act("confirm_all")
    assert _states() == {("suppressed", "cancelled")}
    assert corp.received("wmC00000001") == corp.received("wmC00000002") == []


def test_a_cancellation_that_wecom_did_not_hear_is_repeated(
    launched: Campaign, cast: Cast, corp: Corp
) -> None:
    sending.send_due()
    corp.fault("errcode", "externalcontact/cancel_groupmsg_send", -1, times=-1)
    errors = services.campaign_cancel(campaign=launched, actor=cast.admin, reason="停")
    assert len(errors) == 2
    assert _states() == {("handed_over", "")}
    corp.http.delete(corp.base + "faults", timeout=5)
    assert queue.cancel_due() == []
    assert _states() == {("suppressed", "cancelled")}
    assert queue.cancel_due() == []


def test_pause_binds_what_is_already_queued(launched: Campaign, cast: Cast, corp: Corp) -> None:
    services.campaign_pause(campaign=launched, actor=cast.admin)
    sending.send_due()
    assert corp.tasks() == []
    assert _states() == {("leased", "")}
    services.campaign_resume(campaign=launched, actor=cast.admin)
    sending.send_due()
    assert _states() == {("handed_over", "")}


def test_the_end_date_binds_launch_queue_and_rest(
    launched: Campaign, cast: Cast, corp: Corp
) -> None:
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    late = factory.approved(cast)
    Campaign.objects.update(ends_on=yesterday)
    sending.send_due()
    assert corp.tasks() == []
    assert _states() == {("failed", "dropped")}
    with pytest.raises(BusinessError):
        services.campaign_launch(campaign=late, actor=cast.admin)


def test_a_campaign_that_is_over_stops_its_open_tasks(launched: Campaign, corp: Corp) -> None:
    sending.send_due()
    Campaign.objects.update(ends_on=timezone.localdate() - datetime.timedelta(days=1))
    running.sweep()
    queue.cancel_due()
    assert Campaign.objects.get().state == "finished"
    assert _states() == {("suppressed", "expired")}
    corp.act("confirm_all")
    assert corp.received("wmC00000001") == []


def _both_of_alice(cast: Cast, corp: Corp, body: str = factory.BODY) -> Campaign:
    """王芳 and 赵磊 are customers and friends of alice: one batch, one task."""
    cast.zhao.owner = cast.alice
    cast.zhao.save()
    corp.act("customer_add", userid="alice", external_userid="wmC00000002")
    for row in (cast.wang, cast.zhao):
        befriend(row)
        allow(row)
    campaign = factory.approved(cast, factory.version(cast, body))
    services.campaign_launch(campaign=campaign, actor=cast.admin)
    running.run(campaign.pk)
    assert OutboxTask.objects.count() == 1
    return campaign


def test_one_lost_friend_in_quiet_hours_does_not_end_the_others(
    cast: Cast, corp: Corp, settings
) -> None:
    _both_of_alice(cast, corp)
    now, hour = timezone.localtime(), datetime.timedelta(hours=1)
    settings.QUIET_HOURS = f"{now - hour:%H:%M}-{now + hour:%H:%M}"
    Follow.objects.filter(contact__customer=cast.wang).update(state="deleted_by_customer")
    sending.send_due()
    assert _states() == {("leased", "")}
    settings.QUIET_HOURS = ""
    _let_time_pass()
    sending.send_due()
    rows = dict(Delivery.objects.values_list("customer__name", "state"))
    assert rows == {"王芳": "suppressed", "赵磊": "handed_over"}
    assert Delivery.objects.get(customer=cast.wang).reason == "friend"


def test_a_long_outage_uses_up_no_tries(launched: Campaign, corp: Corp, settings) -> None:
    corp.fault("ip_refused", "externalcontact/add_msg_template", times=-1)
    for _ in range(25):
        _let_time_pass()
        sending.send_due()
    assert _states() == {("leased", "")}
    corp.http.delete(corp.base + "faults", timeout=5)
    OutboxTask.objects.update(clearance_valid_until=timezone.now() - datetime.timedelta(hours=1))
    _let_time_pass()
    sending.send_due()
    assert _states() == {("handed_over", "")}


def test_equal_texts_to_other_people_are_not_taken_for_ours(cast: Cast, corp: Corp) -> None:
    """Two batches of one RM with the same words: one arrived, one never did; each is told apart."""
    _both_of_alice(cast, corp, "您好，网点周六照常营业。")
    whole = OutboxTask.objects.get()
    twin = OutboxTask.objects.get(pk=whole.pk)
    # As if the audience had been split: the first half arrived, the second was never heard.
    Delivery.objects.filter(customer=cast.zhao).delete()
    for task, people, pk in ((whole, ["wmC00000001"], whole.pk), (twin, ["wmC00000002"], None)):
        task.pk, task.recipients = pk, people
        task.source = whole.source if pk else "campaigns.batch:0"
        task.clearance_hash = seal_of(task)
        task.save()
    twin.refresh_from_db()
    wecom().add_mass_send("alice", ["wmC00000001"], whole.text)
    OutboxTask.objects.update(state="uncertain", msgid="")
    _let_time_pass()
    reconcile.reconcile_due()
    whole.refresh_from_db()
    twin.refresh_from_db()
    assert (whole.state, twin.state) == ("accepted", "queued")


def test_higher_branches_content_is_used_not_changed(cast: Cast, sign_in) -> None:
    draft = library.Draft("总行素材", "您好", "", None, timezone.localdate())
    theirs = library.content_create(draft=draft, actor=cast.hq)
    client = sign_in(cast.admin)
    path = f"/campaigns/contents/{theirs.content_id}/"
    assert client.get(path).status_code == 200
    assert client.post(path, {"title": "改掉"}).status_code == 403
    assert client.post(f"/campaigns/versions/{theirs.pk}/submit/").status_code == 403
    assert sign_in(cast.alice).get(path).status_code == 404  # a draft is nothing for an RM
    assert sign_in(cast.hq).post(f"/campaigns/versions/{theirs.pk}/submit/").status_code == 302


def test_a_campaign_waits_for_its_start(cast: Cast, corp: Corp) -> None:
    factory.friends(cast)
    campaign = factory.approved(cast)
    services.campaign_launch(campaign=campaign, actor=cast.admin)
    Campaign.objects.update(starts_at=timezone.now() + datetime.timedelta(hours=1))
    running.sweep()
    assert not Delivery.objects.exists()
    assert Campaign.objects.get().state == "running"
    Campaign.objects.update(starts_at=timezone.now())
    running.sweep()
    assert _states() == {("leased", "")}
