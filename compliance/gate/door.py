"""Mints clearances, and looks again at the moment of sending."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone

from channels.outbox import queue
from channels.outbox.clearance import Clearance, Message, Recheck
from compliance.gate import caps, judging
from compliance.gate.proposal import Proposal
from contacts.models import Customer, ExternalContact
from scrm.accounts.models import User

_VALID = datetime.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """stopped: {customer_id: (check, detail)}; waiting: stopped only for now; cleared: the rest."""

    cleared: frozenset[int]
    stopped: dict[int, tuple[str, str]]
    waiting: dict[int, tuple[str, str]]
    # {customer_id: [(check, passed, detail), …]} in the order of the checks.
    lines: dict[int, list[judging.Line]]


def clear(proposal: Proposal) -> Verdicts:
    """Judges everyone and puts those who pass into the outbox, in the caller's transaction."""
    # Two campaigns that reach for the same person take turns here, so that both see the cap.
    list(
        Customer.objects.select_for_update()
        .filter(pk__in=proposal.people)
        .order_by("pk")
        .only("pk")
    )
    found = judging.judge(proposal)
    waiting = {pk: why for pk, why in found.stopped.items() if why[0] in judging.PASSING}
    final = {pk: why for pk, why in found.stopped.items() if pk not in waiting}
    cleared = frozenset(proposal.people) - frozenset(found.stopped)
    if cleared:
        queue.enqueue(_message(proposal, cleared), _clearance(proposal, found.ran))
        caps.reserve(proposal, cleared)
    return Verdicts(cleared, final, waiting, found.lines)


def _message(proposal: Proposal, cleared: frozenset[int]) -> Message:
    return Message(
        sender=str(proposal.sender.wecom_userid),
        text=proposal.text,
        recipients=tuple(proposal.people[pk] for pk in sorted(cleared)),
        purpose=proposal.purpose,
        source=proposal.source,
    )


def _clearance(proposal: Proposal, ran: list[str]) -> Clearance:
    rules: dict[str, Any] = {
        "checks": ",".join(ran),
        "content_kind": proposal.content_kind,
        "content_id": str(proposal.content_id),
        "risk_grade": str(proposal.risk_grade),
        "valid_until": proposal.valid_until.isoformat(),
        "channel": proposal.channel,
    }
    return Clearance("compliance.gate", rules, timezone.now() + _VALID)


def recheck(task: Any) -> Recheck:
    """The same checks at the moment of the call; registered with the outbox."""
    answer = _source_answer(task.source)
    if answer.refuse or answer.later:
        return answer
    proposal = _proposal_of(task)
    if proposal is None:
        return Recheck(refuse="发送人已不在职，已停止发送。")
    stopped = judging.judge(proposal).stopped
    passing = [detail for name, detail in stopped.values() if name in judging.PASSING]
    if passing:
        # Somebody could get it later, so nothing final is said about anybody now.
        return Recheck(later=passing[0])
    if stopped and set(stopped) == set(proposal.people):
        name, detail = next(iter(stopped.values()))
        return Recheck(refuse=f"{judging.CHECK_NAMES[name]}：{detail}")
    return Recheck(drop={proposal.people[pk]: why for pk, why in stopped.items()})


def _proposal_of(task: Any) -> Proposal | None:
    sender = User.objects.filter(wecom_userid=task.sender, is_active=True).first()
    if sender is None:
        return None
    rows = ExternalContact.objects.filter(external_userid__in=task.recipients)
    rules = task.clearance_rules
    proposal = Proposal(
        sender=sender,
        text=task.text,
        people={pk: ext for pk, ext in rows.values_list("customer_id", "external_userid") if pk},
        purpose=task.purpose,
        content_kind=rules["content_kind"],
        content_id=int(rules["content_id"]),
        risk_grade=int(rules["risk_grade"]),
        valid_until=datetime.date.fromisoformat(rules["valid_until"]),
        source=task.source,
        channel=rules.get("channel", "mass_send"),
    )
    # Unlinked since: no customer, so no consent can be shown; the checks stop them under ids < 0.
    gone = [ext for ext in task.recipients if ext not in set(proposal.people.values())]
    strangers = {-1 - place: ext for place, ext in enumerate(gone)}
    return replace(proposal, people={**proposal.people, **strangers})


def withdraw(sources: list[str]) -> None:
    """Takes messages back, in the caller's transaction; what WeCom has is stopped there later."""
    queue.cancel(sources)


def stop_at_wecom() -> list[str]:
    """Asks WeCom now for what was withdrawn; refusals are repeated by the sweeper."""
    return queue.cancel_due()


def wake(sources: list[str]) -> None:
    queue.wake(sources)


SourceCheck = Callable[[str], Recheck]
_source_checks: dict[str, SourceCheck] = {}


def register_source(prefix: str, check: SourceCheck) -> None:
    """Whoever sends says, right before the call, whether it still wants to ("campaigns.batch")."""
    _source_checks[prefix] = check


def _source_answer(source: str) -> Recheck:
    check = _source_checks.get(source.partition(":")[0])
    return check(source) if check else Recheck(refuse="没有登记的发送来源，已停止发送。")


def remind(source: str) -> str:
    return queue.remind(source)
