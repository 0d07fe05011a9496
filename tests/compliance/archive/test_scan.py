"""Scanning raises alerts, joins split words, and never counts a failure as clean."""

import datetime

import pytest
from django.utils import timezone

from compliance import lexicons
from compliance.archive import scan
from compliance.lexicon import Engine, ScanFailed
from compliance.models import Alert, ArchivedMessage, LexiconVersion, MessageScan
from compliance.scanning import scan_text
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import HARMLESS, RISKY, Chat, as_superuser, message_of, refusing


def test_a_risky_message_of_an_employee_raises_an_alert(cast: Cast, chat: Chat) -> None:
    to = befriend(cast.wang).external_userid
    chat.say("alice", to, HARMLESS)
    risky = chat.say("alice", to, RISKY)
    chat.archive()
    alert = Alert.objects.get()
    assert alert.message == message_of(risky)
    assert (alert.user, alert.customer, alert.branch) == (cast.alice, cast.wang, cast.dongcheng)
    assert alert.severity == max(f["severity"] for f in alert.scan.findings)
    assert MessageScan.objects.get(message__msgtype="text", severity=None)
    hours = (alert.due_at - alert.raised_at).total_seconds() / 3600
    assert hours == {4: 1, 3: 4}[alert.severity]


def test_a_stored_hit_names_its_place_and_the_words_stay_sealed(cast: Cast, chat: Chat) -> None:
    chat.say("alice", befriend(cast.wang).external_userid, RISKY)
    chat.archive()
    stored = MessageScan.objects.values_list("findings", flat=True).get()
    assert stored and all("excerpt" not in finding for finding in stored)
    for finding in Alert.objects.get().findings:
        assert finding["excerpt"] and finding["excerpt"] in RISKY


def test_a_customers_own_words_never_raise_an_alert(cast: Cast, chat: Chat) -> None:
    chat.say(befriend(cast.wang).external_userid, "alice", RISKY)
    chat.archive()
    assert not Alert.objects.exists()
    assert MessageScan.objects.get().severity is not None


def test_a_word_cut_in_two_messages_is_found(cast: Cast, chat: Chat) -> None:
    to, now = befriend(cast.wang).external_userid, timezone.now()
    chat.say("alice", to, "您放心买，这款保", at=now)
    second = chat.say("alice", to, "本保息，肯定不亏", at=now + datetime.timedelta(seconds=40))
    chat.archive()
    finding = next(
        f for a in Alert.objects.filter(message=message_of(second)) for f in a.scan.findings
    )
    assert finding["severity"] >= 3
    apart = chat.say("alice", to, "这款保", at=now + datetime.timedelta(minutes=10))
    later = chat.say("alice", to, "本周发售", at=now + datetime.timedelta(minutes=13))
    chat.archive()
    assert not Alert.objects.filter(message__in=[message_of(apart), message_of(later)]).exists()


def test_a_failed_scan_stays_visible_and_is_repeated(
    cast: Cast, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat.say("alice", befriend(cast.wang).external_userid, RISKY)
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "scan_many", refusing())
        chat.archive()
    assert scan.unscanned().count() == 1
    assert not MessageScan.objects.exists()
    scan.scan(scan.unscanned())
    assert scan.unscanned().count() == 0
    assert Alert.objects.count() == 1


def test_a_text_that_does_not_open_holds_up_no_other(
    cast: Cast, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = befriend(cast.wang).external_userid
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "scan_many", refusing())
        broken, _ = chat.say("alice", to, HARMLESS), chat.say("alice", to, RISKY)
        chat.archive()
    broken_pk = message_of(broken).pk
    as_superuser(
        "UPDATE compliance_archivedmessage SET content = 'k1.AAAA' WHERE id = %s", broken_pk
    )
    assert scan.scan(scan.unscanned()) == 1
    assert [message.pk for message in scan.unscanned()] == [broken_pk]
    assert Alert.objects.count() == 1


def test_without_a_lexicon_everything_is_held(cast: Cast, chat: Chat) -> None:
    LexiconVersion.objects.update(state="retired")
    lexicons.forget()
    chat.say("alice", befriend(cast.wang).external_userid, RISKY)
    with pytest.raises(ScanFailed):
        chat.archive()
    with pytest.raises(ScanFailed):
        scan_text("您好")
    assert ArchivedMessage.objects.count() == scan.unscanned().count() == 1


def test_a_lexicon_whose_rows_were_edited_is_not_used(cast: Cast) -> None:
    LexiconVersion.objects.get().terms.filter(kind="risk").first().delete()
    lexicons.forget()
    lexicons._held.engines.clear()
    with pytest.raises(ScanFailed):
        scan_text("您好")


def test_scanning_twice_judges_once(cast: Cast, chat: Chat) -> None:
    chat.say("alice", befriend(cast.wang).external_userid, RISKY)
    chat.archive()
    scan.scan(ArchivedMessage.objects.order_by("id"))
    assert MessageScan.objects.count() == Alert.objects.count() == 1


def test_an_unknown_employee_is_scanned_and_counted(cast: Cast, chat: Chat) -> None:
    from compliance.selectors.board import archive_health

    chat.say("stranger", befriend(cast.wang).external_userid, RISKY)
    chat.archive()
    assert not Alert.objects.exists()
    assert archive_health()["unassigned"] == 1


def test_due_times_skip_the_weekend(db: None) -> None:
    from compliance.deadlines import alert_due

    friday = datetime.datetime(2024, 6, 7, 15, 0, tzinfo=datetime.UTC)
    assert alert_due(2, friday).date() == datetime.date(2024, 6, 10)
