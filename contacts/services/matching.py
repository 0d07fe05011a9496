"""Ties WeCom's people to the bank's customers; called by the sync and by callbacks."""

import datetime
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone

from contacts.models import Customer, ExternalContact, Follow
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.actors import Actor

Match = ExternalContact.Match


@dataclass(frozen=True, slots=True)
class FollowFacts:
    """What WeCom tells of one RM and one contact, as of one moment."""

    added_at: datetime.datetime
    state: str = Follow.State.ACTIVE
    add_way: int = 0
    channel_state: str = ""
    remark: str = ""
    lost_at: datetime.datetime | None = None


@transaction.atomic
def contact_match(
    *, contact: ExternalContact, actor: Actor, phone_indexes: Sequence[str] = ()
) -> Customer | None:
    """Links the contact to its customer by unionid, else by a blind index of a remarked phone.

    A phone that several customers share decides nothing. A link that exists stays.
    """
    if contact.customer_id:
        return contact.customer
    customer, how = _find(contact.unionid, phone_indexes)
    if customer is None:
        return None
    contact.customer, contact.matched_by, contact.matched_at = customer, how, timezone.now()
    contact.save(update_fields=["customer", "matched_by", "matched_at"])
    record(
        "customer.match",
        actor=actor,
        obj=customer,
        after={"external_userid": contact.external_userid, "方式": Match(how).label},
    )
    return customer


def _find(unionid: str, phone_indexes: Sequence[str]) -> tuple[Customer | None, str]:
    if unionid and (customer := Customer.objects.filter(unionid=unionid).first()):
        return customer, Match.UNIONID
    wanted = [index for index in phone_indexes if index]
    found = list(Customer.objects.filter(phone_index__in=wanted)[:2]) if wanted else []
    return (found[0], Match.PHONE) if len(found) == 1 else (None, "")


@transaction.atomic
def follow_upsert(
    *,
    user: User,
    contact: ExternalContact,
    facts: FollowFacts,
    as_of: datetime.datetime,
    actor: Actor,
) -> tuple[Follow, bool]:
    """Stores what is known as of that moment; facts older than the stored ones change nothing.

    Returns (row, whether anything changed). `actor` is who tells; WeCom's facts are no acts and
    make no audit row.
    """
    values = asdict(facts)
    row, created = Follow.objects.select_for_update(of=("self",)).get_or_create(
        user=user, contact=contact, defaults={**values, "as_of": as_of}
    )
    if created:
        return row, True
    if as_of < row.as_of:
        return row, False
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    row.as_of = as_of
    row.save(update_fields=[*changed, "as_of"])
    return row, bool(changed)
