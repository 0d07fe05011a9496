"""Clicks and replies find the ledger row that caused them."""

import datetime

import pytest
from django.utils import timezone

from campaigns import duties, running, services, tracking
from campaigns.models import Delivery, LinkClick, SendBatch
from channels.outbox import sending
from compliance.models import ArchivedMessage, ArchiveEnvelope
from compliance.models.content import Content
from contacts.models import Task
from tests.factories import campaign as factory
from tests.factories.cast import Cast
from tests.factories.wecom import Corp

WANG = "wmC00000001"


@pytest.fixture
def handed(cast: Cast, corp: Corp) -> Delivery:
    factory.friends(cast)
    campaign = factory.approved(cast)
    services.campaign_launch(campaign=campaign, actor=cast.admin)
    running.run(campaign.pk)
    sending.send_due()
    return Delivery.objects.get(customer=cast.wang)


def _message(row: Delivery, at: datetime.datetime, *, from_staff: bool = False) -> None:
    number = ArchiveEnvelope.objects.count() + 1
    envelope = ArchiveEnvelope.objects.create(
        corp_id="ww1", seq=number, msgid=f"m{number}", publickey_ver=1
    )
    ArchivedMessage.objects.create(
        envelope=envelope,
        msgid=f"m{number}",
        action="send",
        msgtype="text",
        sender=WANG,
        receivers=["alice"],
        sent_at=at,
        from_staff=from_staff,
        user=row.user,
        contact=row.contact,
        customer=row.customer,
        conversation=f"alice|{WANG}",
        content=Content.of("{}", "好的"),
    )


def test_a_click_lands_on_its_person_and_proves_the_delivery(
    handed: Delivery, corp: Corp, client, settings
) -> None:
    assert handed.batch is not None
    answer = client.get(f"/t/{handed.batch.token}/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(settings.WECOM_OAUTH_URL)
    # The sandbox acts as the customer's WeChat: it gives a code for exactly this person.
    settings.PUBLIC_URL = "http://127.0.0.1:1"
    answer = client.get(f"/t/{handed.batch.token}/")
    code = _code_for(corp, answer["Location"], WANG)
    back = client.get(f"/t/{handed.batch.token}/back/", {"code": code})
    assert back["Location"] == handed.batch.target_url
    handed.refresh_from_db()
    assert handed.state == "delivered"
    assert handed.clicked_at is not None


def _code_for(corp: Corp, authorize: str, person: str) -> str:
    url = authorize.replace("#wechat_redirect", f"&sandbox_as={person}")
    answer = corp.http.get(url, allow_redirects=False, timeout=10)
    return answer.headers["Location"].split("code=")[1].split("&")[0]


def test_a_stranger_is_counted_as_nobody_and_still_gets_there(
    handed: Delivery, corp: Corp, client
) -> None:
    assert handed.batch is not None
    back = client.get(f"/t/{handed.batch.token}/back/", {"code": "made-up"})
    assert back["Location"] == handed.batch.target_url
    assert LinkClick.objects.get().contact is None
    handed.refresh_from_db()
    assert handed.clicked_at is None
    assert client.get("/t/no-such-token/").status_code == 404


def test_the_first_answer_counts_once(handed: Delivery) -> None:
    now = timezone.now()
    _message(handed, now - datetime.timedelta(days=1))  # before the task existed
    _message(handed, now, from_staff=True)
    assert tracking.attribute_replies() == 0
    first, second = now + datetime.timedelta(minutes=1), now + datetime.timedelta(minutes=2)
    _message(handed, second)
    _message(handed, first)
    assert tracking.attribute_replies() == 1
    assert tracking.attribute_replies() == 0
    handed.refresh_from_db()
    assert handed.replied_at == first


def test_an_answer_belongs_to_the_newest_delivery_before_it(
    handed: Delivery, cast: Cast, corp: Corp
) -> None:
    campaign = factory.approved(cast)
    services.campaign_launch(campaign=campaign, actor=cast.admin)
    running.run(campaign.pk)
    sending.send_due()
    newer = Delivery.objects.get(campaign=campaign, customer=cast.wang)
    _message(newer, timezone.now() + datetime.timedelta(minutes=1))
    assert tracking.attribute_replies() == 1
    handed.refresh_from_db()
    newer.refresh_from_db()
    assert handed.replied_at is None
    assert newer.replied_at is not None


def test_what_waits_in_wecom_is_a_task_until_it_is_confirmed(handed: Delivery, corp: Corp) -> None:
    duties.refresh()
    task = Task.objects.get(kind="campaign", owner=handed.user)
    assert "有 1 位客户" in task.reason
    Delivery.objects.filter(pk=handed.pk).update(state="confirmed")
    duties.refresh()
    task.refresh_from_db()
    assert task.state == "done"


def test_each_batch_has_a_link_of_its_own(handed: Delivery) -> None:
    tokens = SendBatch.objects.values_list("token", flat=True)
    assert len(set(tokens)) == len(tokens) == 2
