"""Takes in what WeCom tells of customers and friendships. Newer facts win, whatever order they come."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from contacts.models import Customer, CustomerEvent, ExternalContact, Follow
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core import bulk, crypto
from scrm.core.actors import SYSTEM


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """One employee's relation to one external contact, as WeCom states it."""

    external_userid: str
    name: str
    unionid: str
    kind: int
    userid: str
    remark: str
    mobiles: tuple[str, ...]
    channel_state: str
    add_way: int
    added_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Taken:
    contacts: int
    follows: int
    matched: int


def take_in(
    *, user: User, facts: ContactFacts, as_of: datetime.datetime
) -> tuple[Follow | None, bool]:
    """One relation; returns its Follow and whether the friendship is new."""
    had = _active(user, facts.external_userid)
    take_in_page(user=user, page=[facts], as_of=as_of)
    follow = Follow.objects.filter(
        user=user, contact__external_userid=facts.external_userid
    ).first()
    return follow, not had and follow is not None and follow.state == Follow.State.ACTIVE


def _active(user: User, external_userid: str) -> bool:
    return Follow.objects.filter(
        user=user, contact__external_userid=external_userid, state=Follow.State.ACTIVE
    ).exists()


@transaction.atomic
def take_in_page(*, user: User, page: list[ContactFacts], as_of: datetime.datetime) -> Taken:
    """A page of one employee's relations in a handful of statements, idempotent."""
    contacts = _contacts(page)
    matched = _match(page, contacts)
    _follows(user, page, contacts, as_of)
    return Taken(len(contacts), len(page), matched)


def _contacts(page: list[ContactFacts]) -> dict[str, ExternalContact]:
    now = timezone.now()
    ExternalContact.objects.bulk_create(
        [
            ExternalContact(
                external_userid=facts.external_userid,
                name=facts.name[:120],
                unionid=facts.unionid,
                kind=facts.kind,
                synced_at=now,
            )
            for facts in {facts.external_userid: facts for facts in page}.values()
        ],
        update_conflicts=True,
        unique_fields=["external_userid"],
        update_fields=["name", "unionid", "kind", "synced_at"],
    )
    ids = [facts.external_userid for facts in page]
    found = ExternalContact.objects.filter(external_userid__in=ids)
    return {contact.external_userid: contact for contact in found}


def _match(page: list[ContactFacts], contacts: dict[str, ExternalContact]) -> int:
    """Links unlinked contacts by unionid, else by a remark phone that names exactly one customer."""
    open_facts = [facts for facts in page if contacts[facts.external_userid].customer_id is None]
    by_unionid = _customers_by_unionid({facts.unionid for facts in open_facts if facts.unionid})
    by_phone = _customers_by_phone({number for facts in open_facts for number in facts.mobiles})
    changed = []
    for facts in open_facts:
        contact = contacts[facts.external_userid]
        if facts.unionid in by_unionid:
            contact.customer_id, contact.matched_by = by_unionid[facts.unionid], "unionid"
        else:
            hits = {by_phone[number] for number in facts.mobiles if number in by_phone}
            if len(hits) != 1:
                continue
            contact.customer_id, contact.matched_by = hits.pop(), "phone"
        contact.matched_at = timezone.now()
        changed.append(contact)
    ExternalContact.objects.bulk_update(changed, ["customer", "matched_by", "matched_at"])
    _record_matches(changed)
    return len(changed)


def _record_matches(changed: list[ExternalContact]) -> None:
    """One audit row for a page: a walk over a bank would otherwise write one for each person."""
    if changed:
        linked = {row.external_userid: [row.customer_id, row.matched_by] for row in changed}
        record("customer.match", actor=SYSTEM, label=f"{len(changed)} 位", after={"linked": linked})


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


def _follows(
    user: User,
    page: list[ContactFacts],
    contacts: dict[str, ExternalContact],
    as_of: datetime.datetime,
) -> None:
    ids = {contact.pk: name for name, contact in contacts.items()}
    known = {
        ids[follow.contact_id]: follow
        for follow in Follow.objects.select_for_update().filter(user=user, contact_id__in=ids)
    }
    fresh = [facts for facts in page if facts.external_userid not in known]
    Follow.objects.bulk_create(
        [_follow(Follow(user=user, contact=contacts[f.external_userid]), f, as_of) for f in fresh],
        ignore_conflicts=True,
    )
    newer = [
        _follow(known[f.external_userid], f, as_of)
        for f in page
        if f.external_userid in known and known[f.external_userid].as_of <= as_of
    ]
    Follow.objects.bulk_update(
        newer, ["state", "add_way", "channel_state", "remark", "added_at", "lost_at", "as_of"]
    )


def _follow(follow: Follow, facts: ContactFacts, as_of: datetime.datetime) -> Follow:
    follow.state = Follow.State.ACTIVE
    follow.add_way = facts.add_way
    follow.channel_state = facts.channel_state[:64]
    follow.remark = facts.remark[:60]
    follow.added_at = facts.added_at
    follow.lost_at = None
    follow.as_of = as_of
    return follow


@transaction.atomic
def mark_lost(
    *, user: User, external_userid: str, state: str, at: datetime.datetime
) -> Follow | None:
    """Ends a friendship unless something newer is known; None when nothing changed."""
    follow = (
        Follow.objects.select_for_update()
        .filter(user=user, contact__external_userid=external_userid, as_of__lte=at)
        .exclude(state=state)
        .first()
    )
    if follow is None:
        return None
    follow.state, follow.lost_at, follow.as_of = state, at, at
    follow.save(update_fields=["state", "lost_at", "as_of"])
    note_event(kind="deleted", contact=follow.contact, user=user, at=at, key=f"lost:{follow.pk}")
    return follow


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened between an employee and a contact; the same key and time is told once."""

    kind: str
    contact: ExternalContact | None
    user: User | None
    at: datetime.datetime
    key: str
    source: str = "wecom"
    properties: dict[str, object] = field(default_factory=dict)


def note_events(facts: Iterable[Fact]) -> None:
    """Adds facts to the behaviour stream, all in one statement."""
    bulk.insert_new([_event(fact) for fact in facts])


def _event(fact: Fact) -> CustomerEvent:
    return CustomerEvent(
        customer_id=fact.contact.customer_id if fact.contact else None,
        contact_id=fact.contact.pk if fact.contact else None,
        user_id=fact.user.pk if fact.user else None,
        kind=fact.kind,
        occurred_at=fact.at,
        source=fact.source,
        properties=fact.properties,
        key=fact.key,
    )


def note_event(
    *,
    kind: str,
    contact: ExternalContact | None,
    user: User | None,
    at: datetime.datetime,
    key: str,
    source: str = "wecom",
    **properties: object,
) -> None:
    """Adds one fact to the behaviour stream; the same key at the same time is told once."""
    CustomerEvent.objects.bulk_create(
        [_event(Fact(kind, contact, user, at, key, source, properties))], ignore_conflicts=True
    )
