"""Which customer of the bank an external contact is: certain, doubtful, or nobody's.

A contact is linked without a person only on evidence that points to one customer and contradicts
nothing. Where it contradicts, a doubt is opened instead. What a person has decided stands: a link
by hand is never questioned, a pair that was rejected is never linked nor asked about again.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from contacts.intake.doubts import Doubt
from contacts.intake.facts import ContactFacts
from contacts.models import Customer, DoubtCandidate, ExternalContact, IdentityDoubt
from scrm.audit.services import record
from scrm.core import crypto
from scrm.core.actors import SYSTEM

Kind = IdentityDoubt.Kind
Evidence = DoubtCandidate.Evidence


@dataclass(frozen=True, slots=True)
class Match:
    customer_id: int
    by: str


@dataclass(slots=True)
class Findings:
    """Links to make and doubts to open, by external_userid."""

    matches: dict[str, Match] = field(default_factory=dict)
    doubts: dict[str, Doubt] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What the facts about one contact point to."""

    unionid: str
    by_unionid: int | None
    by_phone: frozenset[int]

    @property
    def disagrees(self) -> bool:
        """The unionid names one customer, the phone only others."""
        one = self.by_unionid
        return one is not None and bool(self.by_phone) and one not in self.by_phone

    @property
    def customers(self) -> dict[int, str]:
        """Everyone pointed to, and by what."""
        found: dict[int, str] = dict.fromkeys(sorted(self.by_phone), Evidence.PHONE)
        if self.by_unionid is not None:
            both = self.by_unionid in self.by_phone
            found[self.by_unionid] = Evidence.BOTH if both else Evidence.UNIONID
        return found


def find_matches(page: Iterable[ContactFacts], known: dict[str, ExternalContact]) -> Findings:
    """Judges every contact of a page by all that was told of it, in a fixed number of statements."""
    evidence = _evidence(page)
    if not evidence:
        return Findings()
    rejected = _rejected(known, evidence)
    claims = _Claims(evidence)
    findings = Findings()
    for key in sorted(evidence):
        contact, found = known.get(key), evidence[key]
        refused = rejected.get(key, frozenset())
        if contact is not None and contact.matched_by == ExternalContact.Match.MANUAL:
            continue
        _judge(findings, key, contact, _without(found, refused), claims)
    return findings


def _without(found: _Evidence, refused: frozenset[int]) -> _Evidence:
    by_unionid = None if found.by_unionid in refused else found.by_unionid
    return _Evidence(found.unionid, by_unionid, found.by_phone - refused)


def _judge(
    findings: Findings,
    key: str,
    contact: ExternalContact | None,
    found: _Evidence,
    claims: "_Claims",
) -> None:
    customers = found.customers
    linked = contact.customer_id if contact is not None else None
    if not customers:
        return
    if found.disagrees:
        findings.doubts[key] = Doubt(Kind.CONFLICT, customers)
    elif linked is not None:
        # A phone that several people share says nothing against a link.
        if linked not in customers and len(customers) == 1:
            findings.doubts[key] = Doubt(Kind.LINKED, {linked: Evidence.LINK, **customers})
    elif found.by_unionid is not None:
        findings.matches[key] = Match(found.by_unionid, ExternalContact.Match.UNIONID)
    elif len(customers) > 1:
        findings.doubts[key] = Doubt(Kind.SEVERAL, customers)
    else:
        (customer_id,) = customers
        if claims.taken(customer_id, key, found.unionid):
            findings.doubts[key] = Doubt(Kind.CLAIMED, customers)
        else:
            claims.note(customer_id, key)
            findings.matches[key] = Match(customer_id, ExternalContact.Match.PHONE)


class _Claims:
    """Customers who are somebody already: a phone alone does not make them a second person."""

    def __init__(self, evidence: dict[str, _Evidence]) -> None:
        ids = {pk for found in evidence.values() for pk in found.by_phone}
        rows = ExternalContact.objects.filter(customer__in=ids)
        self.holders: dict[int, set[str]] = defaultdict(set)
        for customer_id, key in rows.values_list("customer_id", "external_userid"):
            self.holders[customer_id].add(key)
        unionids = Customer.objects.filter(pk__in=ids).exclude(unionid=None)
        self.unionids = dict(unionids.values_list("pk", "unionid"))
        for key, found in evidence.items():
            if found.by_unionid is not None:
                self.holders[found.by_unionid].add(key)

    def taken(self, customer_id: int, key: str, unionid: str) -> bool:
        """Another contact is this customer, or the bank knows them under another unionid."""
        other = self.unionids.get(customer_id)
        return bool(self.holders[customer_id] - {key}) or bool(
            unionid and other and other != unionid
        )

    def note(self, customer_id: int, key: str) -> None:
        self.holders[customer_id].add(key)


def _evidence(page: Iterable[ContactFacts]) -> dict[str, _Evidence]:
    """By contact: all its unionids and the phones of all its relations together."""
    unionids: dict[str, str] = {}
    mobiles: dict[str, set[str]] = defaultdict(set)
    for facts in page:
        if facts.unionid:
            unionids[facts.external_userid] = facts.unionid
        mobiles[facts.external_userid] |= set(facts.mobiles)
    by_unionid = _customers_by_unionid(set(unionids.values()))
    by_phone = _customers_by_phone({number for numbers in mobiles.values() for number in numbers})
    found = {
        key: _Evidence(
            unionids.get(key, ""),
            by_unionid.get(unionids.get(key, "")),
            frozenset(pk for number in numbers for pk in by_phone.get(number, ())),
        )
        for key, numbers in mobiles.items()
    }
    return {key: row for key, row in found.items() if row.customers}


def _rejected(
    known: dict[str, ExternalContact], evidence: dict[str, _Evidence]
) -> dict[str, frozenset[int]]:
    """Customers whom a person has said a contact is not."""
    names = {known[key].pk: key for key in evidence if key in known}
    if not names:
        return {}
    decided = DoubtCandidate.objects.filter(doubt__contact__in=names)
    rows = decided.exclude(doubt__state=IdentityDoubt.State.OPEN).values_list(
        "doubt__contact", "customer", "doubt__customer"
    )
    found: dict[str, set[int]] = defaultdict(set)
    for contact_id, customer_id, chosen in rows:
        if customer_id != chosen:
            found[names[contact_id]].add(customer_id)
    return {key: frozenset(ids) for key, ids in found.items()}


def record_matches(matches: dict[str, Match]) -> None:
    """One audit row for a page: a walk over a bank would otherwise write one for each person."""
    if matches:
        linked = {name: [match.customer_id, match.by] for name, match in matches.items()}
        record("customer.match", actor=SYSTEM, label=f"{len(matches)} 位", after={"linked": linked})


def _customers_by_unionid(unionids: set[str]) -> dict[str, int]:
    rows = Customer.objects.filter(unionid__in=unionids).values_list("unionid", "pk")
    return {str(unionid): pk for unionid, pk in rows}


def _customers_by_phone(numbers: set[str]) -> dict[str, list[int]]:
    """Everyone who has the number."""
    index: dict[str, list[str]] = defaultdict(list)
    for number in numbers:
        index[crypto.phone_index(number)].append(number)
    index.pop("", None)
    found: dict[str, list[int]] = defaultdict(list)
    rows = Customer.objects.filter(phone_index__in=index).values_list("phone_index", "pk")
    for phone_index, pk in rows:
        for number in index[phone_index]:
            found[number].append(pk)
    return found
