"""Each check of the gate stops whom it must, lets pass whom it must, and says why in one sentence."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns import running, services
from campaigns.library import services as library
from campaigns.models import Campaign, Delivery
from channels.models import OutboxTask
from channels.outbox import sending
from compliance import calendar, gate
from compliance.gate.judging import CHECK_NAMES, CHECKS, PASSED
from compliance.models import Alert, Containment, Holiday
from compliance.optout import is_opt_out
from contacts.services import customer_opt_in, customer_opt_out
from scrm.core.errors import BusinessError
from tests.compliance.test_desk_walks import behaviour
from tests.factories import campaign as factory
from tests.factories.cast import Cast
from tests.factories.compliance import Chat
from tests.factories.wecom import Corp


def launch(cast: Cast, *versions) -> Campaign:
    campaign = factory.approved(cast, *versions)
    services.campaign_launch(campaign=campaign, actor=cast.admin)
    running.run(campaign.pk)
    return campaign


def rows(campaign: Campaign) -> dict[str, tuple[str, str]]:
    found = Delivery.objects.filter(campaign=campaign).select_related("customer")
    return {row.customer.name: (row.state, row.reason) for row in found}


def content(cast: Cast, **terms):
    """Approved content of these terms: valid_from, channels, tiers."""
    today = timezone.localdate()
    draft = library.Draft(
        "通知", "您好，网点周六照常营业。", "", None, today + datetime.timedelta(days=9), **terms
    )
    version = library.content_create(draft=draft, actor=cast.admin)
    library.version_submit(version=version, actor=cast.admin)
    factory.approve(cast, library.KIND, version.pk)
    version.refresh_from_db()
    return version


def test_every_check_explains_itself() -> None:
    names = [name for name, _ in CHECKS]
    assert set(names) == set(PASSED) == set(CHECK_NAMES) - {"detector"}
    for passed in (True, False):
        for line in gate.told([[name, passed, "客户没有授权"] for name in names]):
            assert str(line["sentence"]).count("。") == 1
            assert line["name"]


def test_what_passed_stands_on_the_delivery_and_on_the_page(
    cast: Cast, corp: Corp, sign_in
) -> None:
    factory.friends(cast)
    cast.zhao.opted_out_at = timezone.now()
    cast.zhao.save()
    campaign = launch(cast)
    assert rows(campaign) == {"王芳": ("leased", ""), "赵磊": ("suppressed", "opt_out")}
    good = Delivery.objects.get(customer=cast.wang).checks
    assert [line[0] for line in good] == [name for name, _ in CHECKS]
    assert all(line[1] for line in good)
    page = sign_in(cast.admin).get(reverse("campaigns:campaign_ledger", args=[campaign.pk]))
    html = page.content.decode()
    assert "客户没有退订。" in html
    assert "退订：客户已于" in html


def test_content_outside_its_terms(cast: Cast, corp: Corp) -> None:
    factory.friends(cast)
    early = content(cast, valid_from=timezone.localdate() + datetime.timedelta(days=3))
    assert set(rows(launch(cast, early)).values()) == {("suppressed", "content")}
    moments = content(cast, channels=("moments",))
    assert set(rows(launch(cast, moments)).values()) == {("suppressed", "content")}
    detail = [line[2] for line in Delivery.objects.latest("id").checks if not line[1]]
    assert detail == ["内容没有批准用于这个渠道"]


def test_content_reaches_only_the_tiers_it_was_approved_for(cast: Cast, corp: Corp) -> None:
    factory.friends(cast)
    cast.zhao.tier = "private"
    cast.zhao.save()
    found = rows(launch(cast, content(cast, tiers=("private", "diamond"))))
    assert found == {"王芳": ("suppressed", "audience"), "赵磊": ("leased", "")}


@pytest.mark.parametrize(
    "wider",
    [
        {"tiers": []},
        {"channels": ["mass_send", "moments"]},
        {"valid_until": timezone.localdate() + datetime.timedelta(days=99)},
        {"body": "您好，网点周六照常营业！"},
    ],
)
def test_whatever_is_changed_after_approval_voids_it(cast: Cast, corp: Corp, wider: dict) -> None:
    factory.friends(cast)
    version = content(cast, tiers=("gold",), channels=("mass_send",))
    campaign = launch(cast, version)
    assert set(rows(campaign).values()) == {("leased", "")}
    type(version).objects.filter(pk=version.pk).update(**wider)
    sending.send_due()
    assert set(rows(campaign).values()) == {("failed", "dropped")}
    assert "改动" in OutboxTask.objects.first().last_error
    assert corp.tasks() == []


def test_terms_are_checked_when_they_are_written(cast: Cast) -> None:
    today = timezone.localdate()
    for wrong in ({"channels": ()}, {"channels": ("fax",)}, {"tiers": ("king",)}):
        with pytest.raises(BusinessError):
            content(cast, **wrong)
    with pytest.raises(BusinessError, match="晚于"):
        content(cast, valid_from=today + datetime.timedelta(days=10))


def test_opting_out_and_back_in(cast: Cast, sign_in) -> None:
    url = reverse("contacts:customer_opt_out", args=[cast.wang.pk])
    client = sign_in(cast.alice)
    client.post(url, {"evidence": ""})
    cast.wang.refresh_from_db()
    assert cast.wang.opted_out_at is None
    client.post(url, {"evidence": "客户来电"})
    cast.wang.refresh_from_db()
    assert cast.wang.opted_out_at
    assert not customer_opt_out(customer=cast.wang, evidence="又说一次", actor=cast.alice)
    assert sign_in(cast.bob).post(url, {"evidence": "x"}).status_code == 404
    with pytest.raises(BusinessError):
        customer_opt_in(customer=cast.wang, evidence=" ", actor=cast.alice)
    assert customer_opt_in(customer=cast.wang, evidence="书面申请", actor=cast.alice)


def test_a_reply_of_opt_out_is_obeyed(cast: Cast, chat: Chat) -> None:
    from tests.factories.cast import befriend

    contact = befriend(cast.wang)
    chat.say(contact.external_userid, "alice", "我想问一下退订基金的手续")
    chat.say("alice", contact.external_userid, "退订")
    chat.archive()
    cast.wang.refresh_from_db()
    assert cast.wang.opted_out_at is None
    chat.say(contact.external_userid, "alice", "退订。")
    chat.archive()
    cast.wang.refresh_from_db()
    assert cast.wang.opted_out_at


@pytest.mark.parametrize(
    ("text", "expected"),
    [("TD", True), ("t", True), ("别再发了！", True), ("不要再给我发广告了", True), ("好的", False),
     ("退订多少钱", False), ("", False)],
)  # fmt: skip
def test_words_of_opt_out(text: str, expected: bool) -> None:
    assert is_opt_out(text) is expected


def test_a_contained_employee_waits_and_goes_on(cast: Cast, corp: Corp) -> None:
    factory.friends(cast)
    alert = behaviour(cast.alice, 3)
    Containment.objects.create(alert=alert, user=cast.alice)
    campaign = launch(cast)
    assert rows(campaign) == {"王芳": ("planned", ""), "赵磊": ("leased", "")}
    why = [line[2] for line in Delivery.objects.get(customer=cast.wang).checks if not line[1]]
    assert why == ["客户经理有未了结的禁止级预警，发送暂停"]
    Containment.objects.create(alert=behaviour(cast.amy, 3, 2), user=cast.amy)
    sending.send_due()
    assert corp.tasks() == []  # contained between queue and call
    Containment.objects.update(cleared_at=timezone.now())
    OutboxTask.objects.update(next_attempt_at=timezone.now())
    Delivery.objects.update(changed_at=timezone.now())
    running.run(campaign.pk)
    sending.send_due()
    assert set(rows(campaign).values()) == {("handed_over", "")}
    assert Alert.objects.count() == 2


def test_holidays_and_sundays_are_quiet(cast: Cast, corp: Corp, settings) -> None:
    factory.friends(cast)
    today = timezone.localdate()
    calendar.holidays_import(text=f"{today} 国庆节", actor=cast.hq)
    campaign = launch(cast)
    assert set(rows(campaign).values()) == {("planned", "")}
    Holiday.objects.all().delete()
    settings.QUIET_WEEKDAYS = str(today.isoweekday())
    assert calendar.rest_day(today).startswith("周")
    calendar.holidays_import(text=f"{today}，调休，上班", actor=cast.hq)
    assert calendar.rest_day(today) == ""
    Delivery.objects.update(changed_at=timezone.now())
    running.run(campaign.pk)
    assert set(rows(campaign).values()) == {("leased", "")}
    calendar.holidays_import(text=f"{today} 春节 放假", actor=cast.hq)
    sending.send_due()
    assert corp.tasks() == []
    assert set(rows(campaign).values()) == {("leased", "")}  # it waits, it is not lost


def test_a_bad_calendar_line_is_named_and_nothing_is_stored(cast: Cast, sign_in) -> None:
    client, url = sign_in(cast.officer), reverse("compliance:holidays")
    html = client.post(
        url, {"text": "2026-10-01 国庆节\n2026-13-01 没有\n昨天 放假"}
    ).content.decode()
    assert "第2行" in html
    assert "第3行" in html
    assert not Holiday.objects.exists()
    client.post(url, {"text": "2026-10-01 国庆节\n2026-10-10 调休 上班"})
    assert calendar.is_working_day(datetime.date(2026, 10, 10))  # a Saturday
    assert not calendar.is_working_day(datetime.date(2026, 10, 1))  # a Thursday
