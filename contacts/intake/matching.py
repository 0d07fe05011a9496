"""Which customer of the bank an external contact is."""

from collections.abc import Iterable
from dataclasses import dataclass

from contacts.intake.facts import ContactFacts
from contacts.models import Customer, ExternalContact
from scrm.audit.services import record
from scrm.core import crypto
from scrm.core.actors import SYSTEM


@dataclass(frozen=True, slots=True)
class Match:
    customer_id: int
    by: str


def find_matches(
    page: Iterable[ContactFacts], known: dict[str, ExternalContact]
) -> dict[str, Match]:
    """Unlinked contacts by unionid, else by a remark phone that names exactly one customer."""
    open_facts = [
        facts
        for facts in page
        if facts.external_userid not in known or known[facts.external_userid].customer_id is None
    ]
    by_unionid = _customers_by_unionid({facts.unionid for facts in open_facts if facts.unionid})
    by_phone = _customers_by_phone({number for facts in open_facts for number in facts.mobiles})
    matches: dict[str, Match] = {}
    for facts in open_facts:
        if facts.unionid in by_unionid:
            matches[facts.external_userid] = Match(by_unionid[facts.unionid], "unionid")
            continue
        hits = {by_phone[number] for number in facts.mobiles if number in by_phone}
        if len(hits) == 1:
            matches.setdefault(facts.external_userid, Match(hits.pop(), "phone"))
    return matches


def record_matches(matches: dict[str, Match]) -> None:
    """One audit row for a page: a walk over a bank would otherwise write one for each person."""
    if matches:
        linked = {name: [match.customer_id, match.by] for name, match in matches.items()}
        record("customer.match", actor=SYSTEM, label=f"{len(matches)} 位", after={"linked": linked})


def _customers_by_unionid(unionids: set[str]) -> dict[str, int]:
    rows = Customer.objects.filter(unionid__in=unionids).values_list("unionid", "pk")
    return {str(unionid): pk for unionid, pk in rows}


def _customers_by_phone(numbers: set[str]) -> dict[str, int]:
    """Numbers that belong to exactly one customer; a shared number identifies nobody."""
    index = {crypto.phone_index(number): number for number in numbers}
    found: dict[str, list[int]] = {}
    rows = Customer.objects.filter(phone_index__in=index).values_list("phone_index", "pk")
    for phone_index, pk in rows:
        found.setdefault(index[phone_index], []).append(pk)
    return {number: pks[0] for number, pks in found.items() if len(pks) == 1}
