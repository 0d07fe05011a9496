"""Nothing unscanned goes out: the detector broken in eight ways, 125 messages each."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from channels.models import OutboxTask
from channels.outbox import sending
from compliance import gate, lexicons
from compliance.gate import door
from compliance.lexicon import Engine, ScanResult
from compliance.models import LexiconTerm, LexiconVersion
from contacts.models import Consent, Customer, ExternalContact, Follow
from tests.factories import campaign as factory
from tests.factories.cast import Cast
from tests.factories.compliance import as_superuser
from tests.factories.wecom import Corp

MANY, TOGETHER = 125, 5
_scan = Engine.scan


@pytest.fixture
def scanned(monkeypatch) -> Iterator[set[str]]:
    """Texts that the real engine has judged to the end."""
    done: set[str] = set()

    def scan(self: Engine, text: str, *args: object, **more: object) -> ScanResult:
        result = _scan(self, text, *args, **more)  # type: ignore[arg-type]
        done.add(text)
        return result

    monkeypatch.setattr(Engine, "scan", scan)
    yield done


@pytest.fixture
def proposals(cast: Cast, monkeypatch) -> Callable[[], list[gate.Proposal]]:
    """125 messages to friends of alice with consent: 25 texts to five people each."""
    monkeypatch.setitem(door._source_checks, "test", lambda source: door.Recheck())
    version = factory.version(cast, "您好，网点周六照常营业。")
    people = Customer.objects.bulk_create(
        Customer(
            number=f"C9{n:07d}", name=f"客户{n}", tier="gold", stage="active", owner=cast.alice,
            branch=cast.dongcheng,
        )
        for n in range(MANY)
    )  # fmt: skip
    contacts = ExternalContact.objects.bulk_create(
        ExternalContact(external_userid=f"wm{row.number}", name=row.name, customer=row)
        for row in people
    )
    now = timezone.now()
    Follow.objects.bulk_create(
        Follow(user=cast.alice, contact=row, added_at=now, as_of=now) for row in contacts
    )
    Consent.objects.bulk_create(
        Consent(customer=row, purpose="marketing", channel="wecom", state="granted", since=now)
        for row in people
    )

    def make() -> list[gate.Proposal]:
        groups = [people[at : at + TOGETHER] for at in range(0, MANY, TOGETHER)]
        return [
            gate.Proposal(
                sender=cast.alice,
                text=f"第 {number} 组客户，您好，网点周六照常营业。",
                people={row.pk: f"wm{row.number}" for row in group},
                purpose="marketing",
                content_kind="content_version",
                content_id=version.pk,
                risk_grade=0,
                valid_until=version.valid_until,
                source=f"test:{number}",
            )
            for number, group in enumerate(groups)
        ]

    return make


def clear_all(proposals: list[gate.Proposal]) -> set[str]:
    """Checks that stopped anybody."""
    reasons = set()
    for proposal in proposals:
        with transaction.atomic():
            found = gate.clear(proposal)
        reasons |= {name for name, _ in [*found.waiting.values(), *found.stopped.values()]}
    return reasons


def called() -> int:
    """Tasks for which WeCom was called: the stamp is committed before the call."""
    return OutboxTask.objects.filter(sending_since__isnull=False).count()


def befriend_in_wecom(corp: Corp, proposals: list[gate.Proposal]) -> None:
    for proposal in proposals:
        for external in proposal.people.values():
            corp.act("customer_add", userid="alice", external_userid=external)


def received(corp: Corp, proposals: list[gate.Proposal]) -> set[str]:
    corp.act("confirm_all")
    return {t for p in proposals for person in p.people.values() for t in corp.received(person)}


def broken(self: Engine, text: str, *_: object, **__: object) -> ScanResult:
    raise RuntimeError("the detector is broken")


def slow(self: Engine, text: str, *_: object, **__: object) -> ScanResult:
    time.sleep(0.05)
    return _scan(self, text)


def test_the_detector_raises(proposals, corp: Corp, monkeypatch) -> None:
    monkeypatch.setattr(Engine, "scan", broken)
    assert clear_all(proposals()) == {"detector"}
    sending.send_due()
    assert not OutboxTask.objects.exists()
    assert corp.tasks() == []


def test_the_detector_is_too_slow(proposals, corp: Corp, monkeypatch, settings) -> None:
    settings.SCAN_SECONDS = 0.005
    monkeypatch.setattr(Engine, "scan", slow)
    assert clear_all(proposals()) == {"detector"}
    sending.send_due()
    assert not OutboxTask.objects.exists()
    assert corp.tasks() == []


def _no_version() -> None:
    LexiconVersion.objects.update(state="retired")


def _half_loaded() -> None:
    ids = list(LexiconTerm.objects.order_by("id").values_list("id", flat=True))
    as_superuser("DELETE FROM compliance_lexiconterm WHERE id = ANY(%s)", ids[: len(ids) // 2])


def _emptied() -> None:
    as_superuser("DELETE FROM compliance_lexiconterm")


@pytest.mark.parametrize("fault", [_no_version, _half_loaded, _emptied])
def test_the_lexicon_is_missing_empty_or_half(proposals, corp: Corp, fault) -> None:
    batch = proposals()
    fault()
    lexicons._held.in_force = None
    lexicons._held.engines = {}
    assert clear_all(batch) == {"detector"}
    sending.send_due()
    assert not OutboxTask.objects.exists()
    assert corp.tasks() == []


def test_the_detector_breaks_between_queue_and_call(
    proposals, corp: Corp, monkeypatch, scanned: set[str]
) -> None:
    batch = proposals()
    befriend_in_wecom(corp, batch[:2])
    assert clear_all(batch) == set()
    monkeypatch.setattr(Engine, "scan", broken)
    sending.send_due()
    assert called() == 0
    assert set(OutboxTask.objects.values_list("state", flat=True)) == {"queued"}
    # Mended: what waited goes out, and it was scanned.
    monkeypatch.setattr(Engine, "scan", _scan)
    OutboxTask.objects.filter(source__in=["test:0", "test:1"]).update(
        next_attempt_at=timezone.now()
    )
    sending.send_due()
    assert called() == 2
    assert received(corp, batch) == {batch[0].text, batch[1].text} <= scanned


def test_redis_is_gone(proposals, corp: Corp, scanned: set[str], monkeypatch) -> None:
    """The bell is only the bell: what was scanned waits in the table and is found by the sweeper."""
    from kombu.exceptions import OperationalError

    def refused(*_: object, **__: object) -> None:
        raise OperationalError("redis is gone")

    monkeypatch.setattr("celery.app.task.Task.apply_async", refused)
    batch = proposals()
    befriend_in_wecom(corp, batch[:2])
    assert clear_all(batch[:2]) == set()
    monkeypatch.setattr(Engine, "scan", broken)
    assert clear_all(batch[2:]) == {"detector"}
    monkeypatch.setattr(Engine, "scan", _scan)
    sending.send_due()
    assert called() == 2
    assert received(corp, batch) == {batch[0].text, batch[1].text} <= scanned


def test_the_database_only_reads(proposals, corp: Corp) -> None:
    batch = proposals()
    refused = 0
    for proposal in batch:
        with suppress(DatabaseError), transaction.atomic():
            _read_only()
            gate.clear(proposal)
            refused -= 1
        refused += 1
    assert refused == MANY // TOGETHER
    assert not OutboxTask.objects.exists()
    clear_all(batch)
    with suppress(DatabaseError), transaction.atomic():
        _read_only()
        sending.send_due()
    assert called() == 0
    assert corp.tasks() == []


def _read_only() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL transaction_read_only = on")
