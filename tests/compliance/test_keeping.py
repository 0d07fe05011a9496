"""Retention, holds and purges: what is held never goes, what goes leaves a tree that verifies."""

import datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from compliance.archive import media
from compliance.archive.verify.service import verify
from compliance.keeping import holds, retention
from compliance.keeping.purges import due, purge_decide, purge_propose, purges_run
from compliance.models import (
    ArchivedMedia,
    ArchivedMessage,
    LegalHold,
    LogLeaf,
    MessageIndex,
    PurgeItem,
    PurgeRequest,
)
from compliance.models.content import Content
from contacts.models import Customer, Transaction
from scrm.accounts.models import User
from scrm.audit.models import AuditEvent
from scrm.core.errors import BusinessError, FourEyes
from scrm.core.fields import Sealed
from tests.factories.cast import Cast, befriend, product
from tests.factories.compliance import RISKY, Chat, message_of


def _old(years: float) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=365.25 * years + 5)


@pytest.fixture
def old(cast: Cast, chat: Chat, settings: Any, tmp_path: Path) -> Chat:
    """Six years ago: two plain messages and a picture. Today: one."""
    settings.BLOB_DIR = str(tmp_path / "blobs")
    to = befriend(cast.wang).external_userid
    chat.say("alice", to, "六年前的第一句", at=_old(6))
    chat.say(to, "alice", "六年前的第二句", at=_old(6))
    chat.send_file("alice", to, b"picture" * 50, at=_old(6))
    chat.say("alice", to, "今天说的")
    chat.archive()
    media.fetch(chat)
    return chat


def _purge(cast: Cast) -> PurgeRequest:
    request = purge_propose(reason="保存期满", actor=cast.officer_head)
    purge_decide(request=request, approve=True, decision="同意", actor=cast.hq)
    purges_run()
    request.refresh_from_db()
    return request


def test_two_people_purge_and_the_tree_still_verifies(old: Chat, cast: Cast) -> None:
    leaves = LogLeaf.objects.count()
    request = _purge(cast)
    assert (request.state, request.counts) == ("done", {"chat": 3})
    gone = ArchivedMessage.objects.filter(content="").select_related("envelope")
    assert gone.count() == 3
    for message in gone:
        assert (message.body, message.text) == ("", "")
        assert message.envelope.encrypt_chat_msg == message.envelope.encrypt_random_key == ""
        assert message.sender and message.msgid
    assert MessageIndex.objects.count() == 1
    assert ArchivedMedia.objects.get().state == "purged"
    assert not [p for p in Path(_blob_dir()).rglob("*") if p.is_file()]
    verdict = verify()
    assert verdict.ok, verdict.sentence
    assert LogLeaf.objects.count() > leaves
    assert ArchivedMessage.objects.get(msgid=old.rows[3]["msgid"]).text == "今天说的"
    assert purges_run() == 0


def _blob_dir() -> str:
    from django.conf import settings as live

    return str(live.BLOB_DIR)


def test_nobody_purges_alone_and_nothing_happens_before_approval(old: Chat, cast: Cast) -> None:
    request = purge_propose(reason="保存期满", actor=cast.officer_head)
    with pytest.raises(FourEyes):
        purge_decide(request=request, approve=True, decision="同意", actor=cast.officer_head)
    assert purges_run() == 0
    assert not ArchivedMessage.objects.filter(content="").exists()
    with pytest.raises(BusinessError, match="没有可以清除"):
        purge_propose(reason="再来一次", actor=cast.hq)
    purge_decide(request=request, approve=False, decision="再等等", actor=cast.hq)
    assert purges_run() == 0
    assert PurgeItem.objects.filter(state="kept").count() == 3
    actions = AuditEvent.objects.filter(action__startswith="purge.").order_by("id")
    assert [event.action for event in actions] == ["purge.propose", "purge.reject"]


def test_a_hold_placed_after_approval_wins(old: Chat, cast: Cast) -> None:
    request = purge_propose(reason="保存期满", actor=cast.officer_head)
    purge_decide(request=request, approve=True, decision="同意", actor=cast.hq)
    hold = holds.hold_place(
        matter="投诉 1 号", reason="客户投诉", actor=cast.officer, customer=cast.wang
    )
    assert purges_run() == 0
    assert PurgeItem.objects.filter(state="kept").count() == 3
    holds.hold_propose_release(hold=hold, reason="已结案", actor=cast.officer)
    assert list(due(timezone.localdate())) == []
    with pytest.raises(FourEyes):
        holds.hold_decide_release(hold=hold, agree=True, actor=cast.officer)
    holds.hold_decide_release(hold=hold, agree=True, actor=cast.hq)
    assert len(list(due(timezone.localdate()))) == 3


@pytest.mark.parametrize("scope", ["customer", "user", "period"])
def test_each_scope_holds_its_messages_and_no_others(old: Chat, cast: Cast, scope: str) -> None:
    wide: dict[str, Any] = {
        "customer": {"customer": cast.wang},
        "user": {"user": cast.alice},
        "period": {"until": timezone.localdate() - datetime.timedelta(days=400)},
    }[scope]
    other: dict[str, Any] = {
        "customer": {"customer": cast.zhao},
        "user": {"user": cast.bob},
        "period": {"since": timezone.localdate() - datetime.timedelta(days=400)},
    }[scope]
    holds.hold_place(matter="甲", reason="r", actor=cast.officer, **other)
    assert len(list(due(timezone.localdate()))) == 3
    holds.hold_place(matter="乙", reason="r", actor=cast.officer, **wide)
    assert list(due(timezone.localdate())) == []


def test_a_hold_without_scope_is_refused(cast: Cast) -> None:
    with pytest.raises(BusinessError, match="限定"):
        holds.hold_place(matter="全部", reason="r", actor=cast.officer)


def test_the_longest_class_decides_and_says_so(old: Chat, cast: Cast) -> None:
    to, message = f"wm{cast.wang.number}", message_of(old.rows[0])
    assert retention.decide([message])[message.pk].rule == "chat"
    Transaction.objects.create(
        customer=cast.wang, product=product(), kind="purchase", amount=1,
        occurred_at=message.sent_at + datetime.timedelta(days=3),
    )  # fmt: skip
    decision = retention.decide([message])[message.pk]
    assert (decision.rule, decision.classes) == ("sales", ("chat", "sales"))
    assert "销售过程记录" in decision.sentence and "20 年" in decision.sentence
    risky = old.say("alice", to, RISKY, at=_old(6))
    old.archive()
    found = message_of(risky)
    assert retention.decide([found])[found.pk].rule in {"audit", "sales"}
    assert message_of(risky).pk not in {m.pk for m, _ in due(timezone.localdate())}


def test_the_database_refuses_to_blank_what_no_two_people_listed(old: Chat, cast: Cast) -> None:
    message = message_of(old.rows[0])
    request = purge_propose(reason="保存期满", actor=cast.officer_head)
    stored = ArchivedMessage.objects.values_list("content", flat=True).get(pk=message.pk)
    for content in ("", "x.y", Sealed(f"{stored[:-4]}AAAA")):
        with pytest.raises((DatabaseError, TypeError)), transaction.atomic():
            ArchivedMessage.objects.filter(pk=message.pk).update(content=content)
    with pytest.raises(DatabaseError), transaction.atomic():
        message.envelope.__class__.objects.update(encrypt_random_key="", encrypt_chat_msg="")
    assert request.state == "proposed"


def test_the_day_of_the_end_is_exact(cast: Cast, chat: Chat) -> None:
    sent = datetime.datetime(2020, 2, 29, 4, tzinfo=datetime.UTC)
    chat.say("alice", befriend(cast.wang).external_userid, "闰日", at=sent)
    chat.archive()
    for day, expected in (("2025-02-28", 0), ("2025-03-01", 1)):
        with time_machine.travel(datetime.datetime.fromisoformat(f"{day}T12:00+08:00"), tick=False):
            assert len(list(due(timezone.localdate()))) == expected


class Keeping(RuleBasedStateMachine):
    """Any order of holds, releases, proposals, decisions and runs, over the archive of `archive`."""

    people: list[User]
    customers: list[Customer]

    @initialize()
    def start(self) -> None:
        self.around = transaction.atomic()
        self.around.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.around.__exit__(None, None, None)

    def _held_now(self) -> set[int]:
        return set(holds.held(list(ArchivedMessage.objects.all())))

    @rule(n=st.integers(0, 2), who=st.integers(0, 2))
    def hold(self, n: int, who: int) -> None:
        holds.hold_place(matter="m", reason="r", actor=self.people[who], customer=self.customers[n])

    @rule(who=st.integers(0, 2), last=st.booleans())
    def propose_release(self, who: int, last: bool) -> None:
        row = LegalHold.objects.order_by("-id" if last else "id").first()
        if row:
            _try(holds.hold_propose_release, hold=row, reason="r", actor=self.people[who])

    @rule(who=st.integers(0, 2), agree=st.booleans())
    def release(self, who: int, agree: bool) -> None:
        row = LegalHold.objects.filter(state="releasing").first()
        if row:
            _try(holds.hold_decide_release, hold=row, agree=agree, actor=self.people[who])

    @rule(who=st.integers(0, 2))
    def propose(self, who: int) -> None:
        _try(purge_propose, reason="r", actor=self.people[who])

    @precondition(lambda self: PurgeRequest.objects.filter(state="proposed").exists())
    @rule(who=st.integers(0, 2), approve=st.booleans())
    def decide(self, who: int, approve: bool) -> None:
        request = PurgeRequest.objects.filter(state="proposed")[0]
        _try(purge_decide, request=request, approve=approve, decision="d", actor=self.people[who])

    @rule()
    def run(self) -> None:
        held = self._held_now()
        whole = set(ArchivedMessage.objects.exclude(content="").values_list("pk", flat=True))
        purges_run()
        gone = whole - set(ArchivedMessage.objects.exclude(content="").values_list("pk", flat=True))
        assert not gone & held
        assert not gone & set(_young())

    @invariant()
    def two_people_behind_each_purge(self) -> None:
        for item in PurgeItem.objects.filter(state="purged").select_related("request"):
            assert item.request.approved_by_id not in {None, item.request.proposed_by_id}
        blank = ArchivedMessage.objects.filter(content="").count()
        assert blank == PurgeItem.objects.filter(state="purged").count()


def _young() -> list[int]:
    limit = timezone.now() - datetime.timedelta(days=5 * 365)
    return list(ArchivedMessage.objects.filter(sent_at__gte=limit).values_list("pk", flat=True))


def _try(act: Any, **given: Any) -> None:
    try:
        act(**given)
    except BusinessError:
        return


def _fill(customers: list[Any]) -> None:
    """Messages as ingest leaves them: two old ones and a young one per customer."""
    from compliance.archive.log.append import append_messages
    from compliance.models import ArchiveEnvelope
    from scrm.core import bulk

    rows = []
    for n, customer in enumerate(customers * 3):
        envelope = ArchiveEnvelope.objects.create(
            corp_id="c", seq=n + 1, msgid=f"m{n}", publickey_ver=1,
            encrypt_random_key="k", encrypt_chat_msg="c",
        )  # fmt: skip
        rows.append(
            ArchivedMessage(
                envelope=envelope, msgid=f"m{n}", action="send", msgtype="text", sender="s",
                receivers=[], sent_at=_old(0 if n % 3 == 2 else 6), from_staff=True,
                customer=customer, conversation=f"c{customer.pk}", content=Content.of("{}", "话"),
            )
        )  # fmt: skip
    bulk.copy_in(rows)
    append_messages(rows)


@pytest.fixture
def archive(cast: Cast) -> None:
    """Filled once; each order of acts is rolled back to it."""
    Keeping.people = [cast.officer_head, cast.hq, cast.auditor]
    Keeping.customers = [cast.wang, cast.zhao, cast.li]
    _fill(Keeping.customers)


STEPS = {"stateful_step_count": 12, "deadline": None, "suppress_health_check": list(HealthCheck)}


def test_no_order_of_acts_purges_what_is_held(archive: None) -> None:
    run_state_machine_as_test(Keeping, settings=hypothesis_settings(max_examples=25, **STEPS))


@pytest.mark.chaos
def test_two_thousand_orders_of_acts(archive: None) -> None:
    run_state_machine_as_test(Keeping, settings=hypothesis_settings(max_examples=2000, **STEPS))
