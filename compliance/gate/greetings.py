"""Clears the greeting of a new friend: the answer to the customer's own act of adding an employee.

What differs from a campaign, and why: quiet hours do not apply, because the customer is there and
has just asked; the contact cap does not count it, for the same reason; and nobody can have given
consent before being known, so a missing consent does not stop it. A withdrawal that is on file does.
A stranger has no risk assessment, so nothing with a product's grade goes to one.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from channels.models import Welcome
from channels.outbox.greeting import Cleared, Refused
from compliance.gate import checks, judging
from compliance.gate.proposal import Proposal
from contacts.models import Consent, ExternalContact
from scrm.accounts.models import User

_STRANGER = -1


@dataclass(frozen=True, slots=True)
class Part:
    """A file or card that goes along, approved on its own. text: what can be read of it."""

    attachment: dict[str, Any]
    text: str
    content_kind: str
    content_id: int
    valid_until: datetime.date


@dataclass(frozen=True, slots=True)
class Offer:
    """What an upper app would say: approved content as this employee says it."""

    text: str
    attachments: tuple[dict[str, Any], ...]
    content_kind: str
    content_id: int
    # R-grade of the product in the content; 0: no product.
    risk_grade: int
    valid_until: datetime.date
    parts: tuple[Part, ...] = ()


# Employee and channel (`state` of a live code, "" for none) → offers, the nearest first.
Greeter = Callable[[User, str], list[Offer]]
_greeters: list[Greeter] = []


def register_greeter(greeter: Greeter) -> None:
    if greeter not in _greeters:
        _greeters.append(greeter)


def clear_greeting(welcome: Welcome) -> Cleared | Refused:
    """The nearest offer that passes; refused with the reason of the first that does not."""
    sender = User.objects.filter(wecom_userid=welcome.userid, is_active=True).first()
    if sender is None:
        return Refused("员工没有在本系统登记，或已离职。")
    customer = _customer(welcome.external_userid)
    if _withdrawn(customer):
        return Refused("授权：客户已撤回营销授权。")
    offers = [offer for greeter in _greeters for offer in greeter(sender, welcome.channel_state)]
    reasons = []
    for offer in offers:
        reason, ran = _judge(_proposal(offer, sender, customer, welcome))
        if not reason:
            return _with_parts(offer, ran, sender, customer, welcome)
        reasons.append(reason)
    return Refused(reasons[0] if reasons else "没有适用的欢迎语。")


def _with_parts(
    offer: Offer, ran: list[str], sender: User, customer: int, welcome: Welcome
) -> Cleared:
    """A part that does not pass stays behind; the text, approved on its own, goes without it."""
    passed, left_out = [], []
    for part in offer.parts:
        proposal = _proposal(part, sender, customer, welcome)
        reason, _ = _judge(proposal, _PART_CHECKS)
        if reason:
            left_out.append(f"附件「{part.text.splitlines()[0]}」没有随附，{reason}")
        else:
            passed.append(part)
    attachments = (*(part.attachment for part in passed), *offer.attachments)
    rules = _rules(offer, ran) | _ids(passed)
    return Cleared(offer.text, attachments, "compliance.gate", rules, tuple(left_out))


def _ids(parts: list[Part]) -> dict[str, str]:
    named = [f"{part.content_kind}:{part.content_id}" for part in parts]
    return {"parts": ",".join(named)} if named else {}


def _customer(external_userid: str) -> int:
    """The customer behind the new friend, if they are known already."""
    rows = ExternalContact.objects.filter(external_userid=external_userid)
    return rows.values_list("customer_id", flat=True).first() or _STRANGER


def _withdrawn(customer: int) -> bool:
    return Consent.objects.filter(
        customer_id=customer,
        purpose=Consent.Purpose.MARKETING,
        channel=Consent.Channel.WECOM,
        state=Consent.State.WITHDRAWN,
        superseded_at=None,
    ).exists()


def _proposal(offer: Offer | Part, sender: User, customer: int, welcome: Welcome) -> Proposal:
    return Proposal(
        sender=sender,
        text=offer.text,
        people={customer: welcome.external_userid},
        purpose="welcome",
        content_kind=offer.content_kind,
        content_id=offer.content_id,
        # A part has no product: see campaigns.library.
        risk_grade=getattr(offer, "risk_grade", 0),
        valid_until=offer.valid_until,
        source=f"channels.welcome:{welcome.pk}",
        channel="welcome",
    )


def _unassessed(proposal: Proposal) -> checks.Stopped:
    if proposal.risk_grade and _STRANGER in proposal.people:
        return {_STRANGER: "新客户没有风险测评，欢迎语不能带产品"}
    return {}


_CHECKS: tuple[tuple[str, checks.Check], ...] = (
    ("content", checks.content_approved),
    ("audience", checks.audience),
    ("containment", checks.sender_free),
    ("opt_out", checks.opt_out),
    ("suitability", _unassessed),
    ("suitability", checks.suitability),
    ("lexicon", checks.lexicon),
)


# The sender and the customer have been looked at with the text.
_PART_CHECKS = (
    ("content", checks.content_approved),
    ("audience", checks.audience),
    ("lexicon", checks.lexicon),
)


def _judge(
    proposal: Proposal, ordered: tuple[tuple[str, checks.Check], ...] = _CHECKS
) -> tuple[str, list[str]]:
    """(reason of the first check that stops it or "", checks that ran)."""
    for given, check in ordered:
        name, stopped = judging.run(given, check, proposal)
        for detail in stopped.values():
            return f"{judging.CHECK_NAMES[name]}：{detail}", []
    return "", list(dict.fromkeys(name for name, _ in ordered))


def _rules(offer: Offer, ran: list[str]) -> dict[str, str]:
    return {
        "checks": ",".join(ran),
        "content_kind": offer.content_kind,
        "content_id": str(offer.content_id),
        "risk_grade": str(offer.risk_grade),
        "valid_until": offer.valid_until.isoformat(),
    }
