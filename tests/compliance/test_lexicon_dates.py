"""A version approved for a moment ahead counts from that moment on, and its words on their days."""

import datetime
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compliance import lexicons
from compliance.lexicons import (
    lexicon_activate,
    lexicon_import_csv,
    lexicon_withdraw,
    lexicons_promote,
)
from compliance.models import LexiconVersion
from compliance.scanning import scan_text
from scrm.audit.models import AuditEvent
from scrm.core.errors import BusinessError
from tests.factories.cast import Cast

SAID = "我给您推荐火星理财计划。"
NEW = "火星理财计划,off_book_sale,4\n"
NOON = datetime.datetime(2027, 3, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
State = LexiconVersion.State


@pytest.fixture
def clock(cast: Cast) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        lexicons.forget()
        yield traveller


def scheduled(cast: Cast, text: str = NEW) -> LexiconVersion:
    draft = lexicon_import_csv(text=text, note="监管通报", actor=cast.officer)
    at = timezone.now() + datetime.timedelta(days=2)
    return lexicon_activate(version=draft, actor=cast.officer_head, effective_at=at)


def version_that_judges() -> str:
    lexicons.forget()
    return scan_text(SAID).lexicon_version


def test_it_counts_from_its_moment_on_before_any_task_has_run(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    version = scheduled(cast)
    assert version.state == State.APPROVED
    assert (version_that_judges(), lexicons_promote()) == ("starter-1", 0)
    clock.shift(datetime.timedelta(days=2, seconds=-1))
    assert (version_that_judges(), lexicons_promote()) == ("starter-1", 0)
    clock.shift(1)
    assert version_that_judges() == version.number
    assert scan_text(SAID).severity == 4
    assert (lexicons_promote(), lexicons_promote()) == (1, 0)
    version.refresh_from_db()
    former = LexiconVersion.objects.get(number="starter-1")
    assert (version.state, version.activated_by) == (State.ACTIVE, cast.officer_head)
    assert version.activated_at == former.retired_at == version.effective_at
    assert former.state == State.RETIRED
    assert AuditEvent.objects.filter(action="lexicon.activate", object_id=version.pk).exists()
    assert version_that_judges() == version.number


def test_a_process_notices_the_moment_by_itself(
    cast: Cast, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = scheduled(cast)
    # The pause between two questions runs on the monotonic clock, which does not travel.
    monkeypatch.setattr("compliance.lexicons.engines._RECHECK_SECONDS", 0.0)
    assert scan_text(SAID).lexicon_version == "starter-1"
    clock.shift(datetime.timedelta(days=2, seconds=2))
    # Nobody told this process anything; only the clock moved.
    assert scan_text(SAID).lexicon_version == version.number


def test_while_one_waits_no_other_passes_it_and_it_can_be_taken_back(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    version = scheduled(cast)
    urgent = lexicon_import_csv(text="土星理财计划,off_book_sale,4", note="急", actor=cast.officer)
    with pytest.raises(BusinessError, match="将于 2027-03-03 12:00 生效"):
        lexicon_activate(version=urgent, actor=cast.officer_head)
    assert lexicon_withdraw(version=version, actor=cast.officer).state == State.DRAFT
    clock.shift(1)
    assert lexicon_activate(version=urgent, actor=cast.officer_head).state == State.ACTIVE
    clock.shift(datetime.timedelta(days=3))
    assert (version_that_judges(), lexicons_promote()) == (urgent.number, 0)
    with pytest.raises(BusinessError, match="重新导入"):
        lexicon_activate(version=version, actor=cast.officer_head)


def test_a_moment_that_has_come_is_not_taken_back(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    version = scheduled(cast)
    clock.shift(datetime.timedelta(days=2))
    with pytest.raises(BusinessError, match="撤回"):
        lexicon_withdraw(version=version, actor=cast.officer)


def test_a_word_counts_on_its_days_only(cast: Cast, clock: time_machine.Traveller) -> None:
    rows = "火星理财计划,off_book_sale,4,risk,,,2027-03-02,2027-03-03\n"
    draft = lexicon_import_csv(text=rows, note="限时", actor=cast.officer)
    lexicon_activate(version=draft, actor=cast.officer_head)
    found = []
    for _ in range(4):
        lexicons.forget()
        found.append(scan_text(SAID).severity == 4)
        clock.shift(datetime.timedelta(days=1))
    assert found == [False, True, True, False]


def test_the_page_says_when_and_the_approver_chooses_it(
    cast: Cast, clock: time_machine.Traveller, client: Client
) -> None:
    draft = lexicon_import_csv(text=NEW, note="监管通报", actor=cast.officer)
    client.force_login(cast.officer_head)
    url = reverse("compliance:lexicon_activate", args=[draft.pk])
    told = client.post(url, {"effective_at": "2027-03-05T08:30"}, follow=True).content.decode()
    assert "将于 2027-03-05 08:30 生效" in told
    listed = client.get(reverse("compliance:lexicons")).content.decode()
    assert "待生效" in listed and "将于 2027-03-05 08:30 生效" in listed
    again = client.post(reverse("compliance:lexicon_withdraw", args=[draft.pk]), follow=True)
    assert "已撤回" in again.content.decode()
    draft.refresh_from_db()
    assert (draft.state, draft.effective_at) == (State.DRAFT, None)


def test_a_moment_that_is_none_is_refused(
    cast: Cast, clock: time_machine.Traveller, client: Client
) -> None:
    draft = lexicon_import_csv(text=NEW, note="监管通报", actor=cast.officer)
    client.force_login(cast.officer_head)
    url = reverse("compliance:lexicon_activate", args=[draft.pk])
    for moment in ("gestern", "2027-02-28T08:00", "2029-03-05T08:30"):
        client.post(url, {"effective_at": moment})
        draft.refresh_from_db()
        assert draft.state == State.DRAFT, moment
