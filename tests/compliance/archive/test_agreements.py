"""Who agreed to the archive is asked of WeCom bit by bit; the last word wins, and changes are proven."""

import datetime
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compliance.archive import agreements
from compliance.archive.verify.service import verify
from compliance.models import ArchiveAgreement, ArchivedMessage, LogLeaf
from compliance.selectors.archive import consent_of
from scrm.accounts.models import User
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import Chat, message_of
from tests.factories.wecom import Corp

CHECK = "msgaudit/check_single_agree"


@pytest.fixture
def friends(cast: Cast, corp: Corp) -> Cast:
    for customer in (cast.wang, cast.zhao, cast.li):
        befriend(customer)
    return cast


def _calls(corp: Corp) -> int:
    return int(corp.get("stats")["calls"].get(CHECK, 0))


def _leaves() -> int:
    return LogLeaf.objects.filter(facts__contains="archive.agreement").count()


def _later(hours: int) -> None:
    ArchiveAgreement.objects.update(checked_at=timezone.now() - datetime.timedelta(hours=hours))


def test_everybody_is_asked_for_once_and_again_when_old(friends: Cast, corp: Corp) -> None:
    corp.post("settings", {"default_agree": "Disagree"})
    assert agreements.poll() == ArchiveAgreement.objects.count() == 3
    assert set(ArchiveAgreement.objects.values_list("agreed", flat=True)) == {False}
    assert (_calls(corp), _leaves()) == (1, 3)
    assert agreements.poll() == 0
    assert _calls(corp) == 1
    _later(30)
    corp.post("settings", {"default_agree": "Agree"})
    assert agreements.poll() == 3
    assert set(ArchiveAgreement.objects.values_list("agreed", flat=True)) == {True}
    # Only a change is a leaf.
    _later(30)
    assert agreements.poll() == 3
    assert _leaves() == 6
    assert verify().ok


def test_a_round_is_limited_and_the_next_one_goes_on(
    friends: Cast, corp: Corp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agreements, "_AT_ONCE", 1)
    monkeypatch.setattr(agreements, "_CALLS", 2)
    assert [agreements.poll() for _ in range(3)] == [2, 1, 0]
    assert _calls(corp) == 3


def test_a_failing_wecom_loses_nothing_and_unarchived_staff_are_left_out(
    friends: Cast, corp: Corp
) -> None:
    corp.fault("http", CHECK, 500, times=-1)
    assert agreements.poll() == 0
    corp.http.delete(corp.base + "faults")
    corp.post("settings", {"unpermitted_members": ["bob"]})
    assert agreements.poll() == 2
    assert not ArchiveAgreement.objects.filter(user=friends.bob).exists()


def test_the_last_word_is_shown(
    friends: Cast, corp: Corp, chat: Chat, sign_in: Callable[[User], Client]
) -> None:
    to = friends.wang.contacts.get().external_userid
    row = chat.say("alice", to, "您好")
    chat.archive()
    message = message_of(row)
    assert consent_of(message) is None
    corp.post("settings", {"default_agree": "Disagree"})
    agreements.poll()
    word = consent_of(message)
    assert word and not word.agreed and word.checked_at
    page = sign_in(friends.officer).get(
        reverse("compliance:conversation", args=[message.pk]), follow=True
    )
    assert "客户不同意" in page.content.decode()
    # Said in a chat later than that: the record is the customer's own word.
    chat.say(to, "alice", "", msgtype="agree", agree={"userid": to})
    chat.archive()
    word = consent_of(message)
    assert word and word.agreed and word.checked_at is None
    later = ArchivedMessage.objects.get(msgtype="agree").sent_at + datetime.timedelta(minutes=1)
    ArchiveAgreement.objects.filter(contact__external_userid=to).update(changed_at=later)
    word = consent_of(message)
    assert word and not word.agreed
