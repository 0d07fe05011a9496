"""Every change leaves its audit row in the same transaction, or neither happens."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from contacts import services
from contacts.models import Consent, CustomerTag, FollowUp, Segment, Task
from scrm.audit.models import AuditEvent
from scrm.core.errors import BusinessError, IllegalTransition
from tests.factories.cast import Cast
from tests.factories.contacts import TaskFactory, make_tag

RULE = {"attr": "aum", "op": ">=", "value": 1}


def actions() -> list[str]:
    return list(
        AuditEvent.objects.exclude(action__startswith="lexicon.")
        .order_by("id")
        .values_list("action", flat=True)
    )


def test_follow_up_counts_as_contact(cast: Cast) -> None:
    services.follow_up_create(
        customer=cast.wang, text="约周五面谈，电话 13800000001", actor=cast.alice
    )
    cast.wang.refresh_from_db()
    assert cast.wang.last_contact_at is not None
    event = AuditEvent.objects.get(action="customer.follow_up")
    assert "13800000001" not in str(event.after)


@pytest.mark.parametrize("text", ["", "  \n", "长" * 1001])
def test_follow_up_refuses_bad_text(cast: Cast, text: str) -> None:
    with pytest.raises(BusinessError):
        services.follow_up_create(customer=cast.wang, text=text, actor=cast.alice)
    assert not actions()


def _changes(cast: Cast) -> list[tuple[Callable[[], Any], Callable[[], int]]]:
    tag, task = make_tag(), TaskFactory(customer=cast.wang)
    return [
        (
            lambda: services.customer_tag_add(customer=cast.wang, tag=tag, actor=cast.alice),
            CustomerTag.objects.count,
        ),
        (
            lambda: services.follow_up_create(customer=cast.wang, text="好", actor=cast.alice),
            FollowUp.objects.count,
        ),
        (
            lambda: services.task_complete(task=task, actor=cast.alice),
            lambda: Task.objects.filter(state="done").count(),
        ),
        (
            lambda: services.task_snooze(task=task, days=2, actor=cast.alice),
            lambda: Task.objects.exclude(shown_from=timezone.localdate()).count(),
        ),
        (
            lambda: services.segment_create(name="新", rule=RULE, actor=cast.admin),
            Segment.objects.count,
        ),
        (
            lambda: services.consent_change(
                customer=cast.wang, purpose="marketing", channel="wecom", state="granted",
                evidence="签署", actor=cast.alice,
            ),
            Consent.objects.count,
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(6))
def test_without_audit_row_nothing_changes(
    cast: Cast, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, count = _changes(cast)[number]

    def broken(**_: Any) -> None:
        raise RuntimeError("trail is full")

    monkeypatch.setattr(AuditEvent.objects, "create", broken)
    with pytest.raises(RuntimeError):
        change()
    assert count() == 0
    monkeypatch.undo()
    change()
    assert count() == 1
    assert len(actions()) == 1


def test_a_tag_is_added_once_and_renewed_when_expired(cast: Cast) -> None:
    tag = make_tag()
    row = services.customer_tag_add(customer=cast.wang, tag=tag, actor=cast.alice)
    services.customer_tag_add(customer=cast.wang, tag=tag, actor=cast.alice)
    assert actions() == ["customer.tag"]
    CustomerTag.objects.filter(pk=row.pk).update(expires_at=timezone.now())
    assert services.customer_tag_add(customer=cast.wang, tag=tag, actor=cast.amy).expires_at is None
    assert services.customer_tag_remove(customer=cast.wang, tag=tag, actor=cast.alice)
    assert not services.customer_tag_remove(customer=cast.wang, tag=tag, actor=cast.alice)


def test_consent_closes_the_old_row_and_opens_a_new_one(cast: Cast) -> None:
    def change(state: str, **more: Any) -> Consent:
        return services.consent_change(
            customer=cast.wang, purpose="marketing", channel="wecom", state=state,
            evidence="客户来电", actor=cast.alice, **more,
        )  # fmt: skip

    first = change("granted")
    assert change("granted").pk == first.pk
    second = change("withdrawn")
    first.refresh_from_db()
    assert first.superseded_at == second.since
    assert list(Consent.objects.filter(superseded_at=None)) == [second]
    with pytest.raises(BusinessError, match="早于"):
        change("granted", at=second.since - datetime.timedelta(days=1))
    assert actions() == ["consent.change"] * 2


def test_tasks_end_once(cast: Cast) -> None:
    task = TaskFactory(customer=cast.wang)
    services.task_complete(task=task, note="客户续做一年期", actor=cast.alice)
    assert FollowUp.objects.get().text == "客户续做一年期"
    with pytest.raises(IllegalTransition):
        services.task_skip(task=task, reason="又不想了", actor=cast.alice)
    with pytest.raises(BusinessError):
        services.task_snooze(task=task, days=1, actor=cast.alice)


def test_skipping_needs_a_reason_and_snoozing_a_limit(cast: Cast) -> None:
    task = TaskFactory(customer=cast.wang)
    with pytest.raises(BusinessError, match="原因"):
        services.task_skip(task=task, reason=" ", actor=cast.alice)
    for days in (0, -1, 31):
        with pytest.raises(BusinessError, match="推迟"):
            services.task_snooze(task=task, days=days, actor=cast.alice)
    services.task_snooze(task=task, days=3, actor=cast.alice)
    assert not Task.objects.due().exists()
