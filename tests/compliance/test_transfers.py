"""From a case to another manager: proposed by compliance, carried out by an administrator."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compliance import transfers
from compliance.alerts import alert_decide
from compliance.models import Case, CaseTransfer
from compliance.selectors.cases import entries
from compliance.transfers import transfer_carry_out, transfer_decline, transfer_propose
from contacts.models import Follow, Task
from scrm.accounts.models import Notice
from scrm.audit.models import AuditEvent
from scrm.core.errors import BusinessError, IllegalTransition
from tests.channels.sandbox.harness import wait_for
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import Chat, alert
from tests.factories.wecom import Corp

State = CaseTransfer.State
LIST = reverse("compliance:transfers")


@pytest.fixture
def case(cast: Cast, chat: Chat) -> Case:
    row = alert(chat, cast.alice, befriend(cast.wang), severity=2)
    alert_decide(alert=row, decision="confirm", reason="属实", actor=cast.officer)
    return Case.objects.get()


@pytest.fixture
def proposed(case: Case, cast: Cast) -> CaseTransfer:
    return transfer_propose(case=case, taker=cast.amy, why="客户要求更换", actor=cast.officer)


def looked_again(row: CaseTransfer) -> CaseTransfer:
    CaseTransfer.objects.exclude(look_at=None).update(look_at=timezone.now())
    transfers.work()
    row.refresh_from_db()
    return row


def test_a_friendship_moves_at_wecom_and_the_case_tells_it(
    cast: Cast, corp: Corp, case: Case, proposed: CaseTransfer
) -> None:
    assert Notice.objects.filter(recipient=cast.admin, url=LIST).exists()
    transfer_carry_out(transfer=proposed, actor=cast.admin)
    row = looked_again(proposed)
    assert (row.state, row.decided_by) == (State.WAITING, cast.admin)
    cast.wang.refresh_from_db()
    assert cast.wang.owner == cast.alice  # the customer may still refuse
    assert looked_again(row).state == State.WAITING
    corp.post("clock", {"advance": 25 * 3600})
    # The sandbox finishes it in its own time.
    wait_for(lambda: looked_again(row).state == State.DONE)
    cast.wang.refresh_from_db()
    assert cast.wang.owner == cast.amy
    told = [entry.title for entry in entries(case)]
    assert "建议转交给孙悦" in told and "转交孙悦：已转交" in told
    assert AuditEvent.objects.filter(action="transfer.finish").exists()


def test_a_friendship_that_is_gone_moves_the_ownership_and_asks_to_add(
    cast: Cast, proposed: CaseTransfer
) -> None:
    Follow.objects.update(state="deleted_by_rm", lost_at=timezone.now())
    row = transfer_carry_out(transfer=proposed, actor=cast.admin)
    cast.wang.refresh_from_db()
    assert (row.state, cast.wang.owner) == (State.DONE, cast.amy)
    assert Task.objects.get(owner=cast.amy).customer == cast.wang
    assert transfers.work() == 0


def test_a_customer_may_refuse(cast: Cast, corp: Corp, proposed: CaseTransfer) -> None:
    transfer_carry_out(transfer=proposed, actor=cast.admin)
    assert looked_again(proposed).state == State.WAITING
    corp.act("transfer_refuse", external_userid=proposed.customer.contacts.get().external_userid)
    assert looked_again(proposed).state == State.REFUSED
    cast.wang.refresh_from_db()
    assert cast.wang.owner == cast.alice


def test_what_wecom_refuses_is_told_and_nothing_changes(
    cast: Cast, corp: Corp, proposed: CaseTransfer
) -> None:
    transfer_carry_out(transfer=proposed, actor=cast.admin)
    proposed.refresh_from_db()
    proposed.contact.external_userid = "wmNobody"
    proposed.contact.save()
    row = looked_again(proposed)
    assert (row.state, row.outcome) == (State.FAILED, "企业微信里没有这位客户")
    cast.wang.refresh_from_db()
    assert cast.wang.owner == cast.alice


def test_an_administrator_may_decline_with_a_reason(cast: Cast, proposed: CaseTransfer) -> None:
    with pytest.raises(BusinessError, match="为什么"):
        transfer_decline(transfer=proposed, reason=" ", actor=cast.admin)
    row = transfer_decline(transfer=proposed, reason="已由行长处理", actor=cast.admin)
    assert (row.state, row.outcome) == (State.DECLINED, "已由行长处理")
    with pytest.raises(IllegalTransition):
        transfer_carry_out(transfer=row, actor=cast.admin)


def test_only_a_colleague_of_the_branch_and_one_move_at_a_time(
    cast: Cast, case: Case, proposed: CaseTransfer
) -> None:
    with pytest.raises(BusinessError, match="正在办理"):
        transfer_propose(case=case, taker=cast.amy, why="再提", actor=cast.officer)
    transfer_decline(transfer=proposed, reason="不办", actor=cast.admin)
    for nobody in (cast.bob, cast.alice, cast.admin):
        with pytest.raises(BusinessError, match="同一机构"):
            transfer_propose(case=case, taker=nobody, why="再提", actor=cast.officer)


def test_the_pages_of_both_sides(cast: Cast, case: Case, client: Client) -> None:
    client.force_login(cast.officer)
    url = reverse("compliance:case_transfer", args=[case.pk])
    assert (
        "孙悦（现有客户" in client.get(reverse("compliance:case", args=[case.pk])).content.decode()
    )
    page = client.post(url, {"taker": cast.amy.pk, "why": "客户要求更换"}, follow=True)
    assert "待办理" in page.content.decode()
    row = CaseTransfer.objects.get()
    decide = reverse("compliance:transfer_decide", args=[row.pk])
    assert client.post(decide, {"act": "carry_out"}).status_code == 403
    client.force_login(cast.admin_shanghai)
    assert client.post(decide, {"act": "carry_out"}).status_code == 404
    assert "没有转交建议" in client.get(LIST).content.decode()
    client.force_login(cast.admin)
    assert "客户要求更换" in client.get(LIST, {"open": 1}).content.decode()
    client.post(decide, {"act": "decline", "reason": "已由行长处理"})
    assert "已由行长处理" in client.get(LIST).content.decode()
    assert not client.get(LIST, {"open": 1}).context["page"].object_list


def test_nobody_looks_at_it_twice_within_its_lease(
    cast: Cast, corp: Corp, proposed: CaseTransfer
) -> None:
    transfer_carry_out(transfer=proposed, actor=cast.admin)
    CaseTransfer.objects.update(look_at=timezone.now() + datetime.timedelta(minutes=1))
    assert transfers.work() == 0
