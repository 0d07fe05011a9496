"""From launch to result on the real sandbox: nobody lost, nobody twice, every refusal with a reason."""

import datetime

import pytest
from django.utils import timezone

from campaigns import running, services
from campaigns.models import Campaign, Delivery
from channels.models import OutboxTask
from channels.outbox import clearance, queue, reconcile, results, sending
from contacts.models import Consent, CustomerEvent, Follow
from tests.factories import campaign as factory
from tests.factories.cast import Cast, allow, befriend, product
from tests.factories.wecom import Corp, forget_clients

WANG, ZHAO = "wmC00000001", "wmC00000002"


def _launch(cast: Cast, *versions: object, holdout: int = 0) -> Campaign:
    campaign = factory.approved(cast, *versions, holdout=holdout)  # type: ignore[arg-type]
    services.campaign_launch(campaign=campaign, actor=cast.admin)
    running.run(campaign.pk)
    return campaign


def _rows(campaign: Campaign) -> dict[str, tuple[str, str]]:
    rows = Delivery.objects.filter(campaign=campaign)
    return {row.customer.name: (row.state, row.reason) for row in rows.select_related("customer")}


def _read_results() -> None:
    OutboxTask.objects.filter(poll_at__isnull=False).update(poll_at=timezone.now())
    results.poll_due()


def _let_time_pass() -> None:
    past = timezone.now() - datetime.timedelta(minutes=10)
    OutboxTask.objects.update(next_attempt_at=past, sending_since=past)


def test_the_whole_way(cast: Cast, corp: Corp) -> None:
    factory.friends(cast)
    campaign = _launch(cast)
    sending.send_due()
    assert _rows(campaign) == {"王芳": ("handed_over", ""), "赵磊": ("handed_over", "")}
    assert corp.received(WANG) == []  # a task is not a delivery
    corp.act("confirm_all")
    _read_results()
    assert _rows(campaign) == {"王芳": ("delivered", ""), "赵磊": ("delivered", "")}
    assert len(corp.received(WANG)) == len(corp.received(ZHAO)) == 1
    assert "我是陈静怡" in corp.received(WANG)[0]
    running.sweep()
    assert Campaign.objects.get().state == "finished"


def test_everyone_who_is_not_sent_to_has_the_first_reason(cast: Cast, corp: Corp) -> None:
    befriend(cast.wang)
    allow(cast.wang, "withdrawn")
    campaign = _launch(cast)
    assert _rows(campaign) == {
        "王芳": ("suppressed", "consent"),
        "赵磊": ("suppressed", "no_friend"),
    }
    details = Delivery.objects.get(customer=cast.wang).checks
    assert [line for line in details if not line[1]] == [["consent", False, "客户已撤回授权"]]
    assert len(details) == 10
    assert not OutboxTask.objects.exists()
    assert corp.tasks() == []


def test_suitability_takes_the_higher_grade_and_an_expired_test_counts_as_none(
    cast: Cast, corp: Corp
) -> None:
    factory.friends(cast)
    cast.wang.risk_level = 4
    cast.wang.save()
    cast.zhao.risk_level, cast.zhao.risk_expires_on = 5, datetime.date(2020, 1, 1)
    cast.zhao.save()
    campaign = _launch(cast, factory.version(cast, product=product(grade=4)))
    assert _rows(campaign) == {"王芳": ("leased", ""), "赵磊": ("suppressed", "suitability")}


def test_the_contact_cap_holds_across_campaigns(cast: Cast, corp: Corp, settings) -> None:
    settings.CONTACT_CAP_COUNT = 1
    factory.friends(cast)
    first, second = _launch(cast), _launch(cast)
    assert {state for state, _ in _rows(first).values()} == {"leased"}
    assert set(_rows(second).values()) == {("suppressed", "cap")}


def test_a_failed_task_gives_its_reservation_back(cast: Cast, corp: Corp) -> None:
    factory.friends(cast)
    campaign = _launch(cast)
    assert CustomerEvent.objects.filter(kind="mass_send").count() == 2
    corp.fault("errcode", "externalcontact/add_msg_template", 40003, times=-1)
    sending.send_due()
    assert set(_rows(campaign).values()) == {("failed", "provider")}
    assert not CustomerEvent.objects.filter(kind="mass_send").exists()


def test_consent_withdrawn_between_queue_and_call_stops_the_person(cast: Cast, corp: Corp) -> None:
    factory.friends(cast)
    campaign = _launch(cast)
    Consent.objects.filter(customer=cast.wang).update(state="withdrawn")
    sending.send_due()
    assert _rows(campaign) == {"王芳": ("failed", "dropped"), "赵磊": ("handed_over", "")}
    corp.act("confirm_all")
    assert corp.received(WANG) == []


def test_withdrawn_content_stops_what_is_queued(cast: Cast, corp: Corp) -> None:
    from campaigns.library import services as library

    factory.friends(cast)
    version = factory.version(cast)
    campaign = _launch(cast, version)
    library.version_withdraw(version=version, actor=cast.admin, reason="利率有变")
    assert set(_rows(campaign).values()) == {("suppressed", "withdrawn")}
    sending.send_due()
    assert corp.tasks() == []


def test_withdrawn_content_is_stopped_at_wecom_while_nobody_has_confirmed(
    cast: Cast, corp: Corp
) -> None:
    from campaigns.library import services as library

    factory.friends(cast)
    version = factory.version(cast)
    campaign = _launch(cast, version)
    sending.send_due()
    corp.act("confirm_all", userid="alice")
    library.version_withdraw(version=version, actor=cast.admin, reason="利率有变")
    queue.cancel_due()
    corp.act("confirm_all")
    _read_results()
    assert _rows(campaign)["赵磊"] == ("suppressed", "withdrawn")
    assert len(corp.received(WANG)) == 1
    assert corp.received(ZHAO) == []


def test_an_altered_row_does_not_fit_its_clearance(cast: Cast, corp: Corp) -> None:
    factory.friends(cast)
    campaign = _launch(cast)
    OutboxTask.objects.update(text="稳赚不赔，加我私人微信")
    sending.send_due()
    assert set(_rows(campaign).values()) == {("failed", "dropped")}
    assert corp.tasks() == []


def test_without_a_registered_check_nothing_is_sent(cast: Cast, corp: Corp, monkeypatch) -> None:
    factory.friends(cast)
    _launch(cast)
    monkeypatch.setattr(clearance, "_checks", [])
    sending.send_due()
    assert set(OutboxTask.objects.values_list("state", flat=True)) == {"failed"}
    assert corp.tasks() == []


def test_sandbox_down_at_launch_loses_nothing(cast: Cast, corp: Corp, settings) -> None:

    factory.friends(cast)
    campaign = _launch(cast)
    real, settings.WECOM_API_URL = settings.WECOM_API_URL, "http://127.0.0.1:1"
    forget_clients()
    sending.send_due()
    assert set(OutboxTask.objects.values_list("state", flat=True)) == {"queued"}
    assert set(_rows(campaign).values()) == {("leased", "")}
    settings.WECOM_API_URL = real
    forget_clients()
    _let_time_pass()
    sending.send_due()
    assert set(_rows(campaign).values()) == {("handed_over", "")}
    assert len(corp.tasks()) == 2


@pytest.mark.parametrize(("fault", "calls"), [("drop_after", 2), ("drop_before", 2)])
def test_an_answer_that_never_came_is_read_not_repeated(
    cast: Cast, corp: Corp, fault: str, calls: int
) -> None:
    """Whether the effect happened or not, in the end each customer has exactly one task."""
    factory.friends(cast)
    campaign = _launch(cast)
    corp.fault(fault, "externalcontact/add_msg_template", times=1)
    sending.send_due()
    assert sorted(OutboxTask.objects.values_list("state", flat=True)) == ["accepted", "uncertain"]
    assert ("uncertain", "") in _rows(campaign).values()
    _let_time_pass()
    reconcile.reconcile_due()
    sending.send_due()
    assert set(_rows(campaign).values()) == {("handed_over", "")}
    assert len(corp.tasks()) == calls
    corp.act("confirm_all")
    assert len(corp.received(WANG)) == len(corp.received(ZHAO)) == 1


def test_a_worker_killed_while_calling_leaves_a_question_not_a_repeat(
    cast: Cast, corp: Corp
) -> None:
    factory.friends(cast)
    campaign = _launch(cast)
    sending.send_due()
    # As if the worker had died after WeCom answered and before the answer was stored.
    OutboxTask.objects.update(state="sending", msgid="")
    Delivery.objects.update(state="leased", handed_over_at=None)
    _let_time_pass()
    assert sending.give_up_stuck() == 2
    reconcile.reconcile_due()
    assert set(_rows(campaign).values()) == {("handed_over", "")}
    assert len(corp.tasks()) == 2


def test_pause_stops_the_rest_and_resume_goes_on(cast: Cast, corp: Corp) -> None:
    factory.friends(cast)
    campaign = factory.approved(cast)
    services.campaign_launch(campaign=campaign, actor=cast.admin)
    services.campaign_pause(campaign=campaign, actor=cast.admin)
    running.run(campaign.pk)
    assert not OutboxTask.objects.exists()
    services.campaign_resume(campaign=campaign, actor=cast.admin)
    running.run(campaign.pk)
    assert set(_rows(campaign).values()) == {("leased", "")}


def test_cancel_reaches_wecom_and_respects_a_faster_confirmation(cast: Cast, corp: Corp) -> None:
    factory.friends(cast)
    campaign = _launch(cast)
    sending.send_due()
    corp.act("confirm_all", userid="alice")
    services.campaign_cancel(campaign=campaign, actor=cast.admin, reason="暂停营销")
    corp.act("confirm_all")
    _read_results()
    assert _rows(campaign)["赵磊"] == ("suppressed", "cancelled")
    assert len(corp.received(WANG)) == 1
    assert corp.received(ZHAO) == []


def test_a_lost_friend_is_a_failure_with_its_reason(cast: Cast, corp: Corp) -> None:
    factory.friends(cast)
    campaign = _launch(cast)
    sending.send_due()
    corp.act("customer_delete", userid="alice", external_userid=WANG)
    corp.act("confirm_all")
    _read_results()
    assert _rows(campaign) == {"王芳": ("failed", "not_friend"), "赵磊": ("delivered", "")}


def test_the_control_group_is_in_the_ledger(cast: Cast, corp: Corp) -> None:
    factory.friends(cast)
    campaign = _launch(cast, holdout=50)
    states = _rows(campaign)
    assert set(states) == {"王芳", "赵磊"}
    held = [name for name, row in states.items() if row == ("suppressed", "holdout")]
    assert held == [n for n, r in _rows(campaign).items() if r[1] == "holdout"]


def test_a_quiet_hour_waits_instead_of_failing(cast: Cast, corp: Corp, settings) -> None:
    factory.friends(cast)
    now = timezone.localtime()
    settings.QUIET_HOURS = (
        f"{now - datetime.timedelta(hours=1):%H:%M}-{now + datetime.timedelta(hours=1):%H:%M}"
    )
    campaign = _launch(cast)
    assert set(_rows(campaign).values()) == {("planned", "")}
    settings.QUIET_HOURS = ""
    Delivery.objects.update(changed_at=timezone.now())
    running.run(campaign.pk)
    assert set(_rows(campaign).values()) == {("leased", "")}


def test_no_friend_any_more_at_the_moment_of_sending(cast: Cast, corp: Corp) -> None:
    factory.friends(cast)
    campaign = _launch(cast)
    Follow.objects.filter(user=cast.alice).update(state="deleted_by_customer")
    sending.send_due()
    assert _rows(campaign)["王芳"] == ("failed", "dropped")


def test_wecom_away_at_result_time_only_delays_the_result(cast: Cast, corp: Corp, settings) -> None:

    factory.friends(cast)
    campaign = _launch(cast)
    sending.send_due()
    corp.act("confirm_all")
    real, settings.WECOM_API_URL = settings.WECOM_API_URL, "http://127.0.0.1:1"
    forget_clients()
    _read_results()
    assert set(_rows(campaign).values()) == {("handed_over", "")}
    settings.WECOM_API_URL = real
    forget_clients()
    corp.fault("html", "externalcontact/get_groupmsg_send_result", times=1)
    _read_results()
    _read_results()
    assert set(_rows(campaign).values()) == {("delivered", "")}
