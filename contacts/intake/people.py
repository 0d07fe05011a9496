"""External contacts: made or renewed a page at a time, in a handful of statements."""

import datetime
from collections.abc import Iterable

from django.utils import timezone

from contacts.intake.facts import ContactFacts
from contacts.intake.matching import Match
from contacts.models import ExternalContact

_NAME_LENGTH = 120


def known_people(page: Iterable[ContactFacts]) -> dict[str, ExternalContact]:
    """The rows that are there already, by external_userid."""
    ids = {facts.external_userid for facts in page}
    found = ExternalContact.objects.filter(external_userid__in=ids)
    return {contact.external_userid: contact for contact in found}


def save_people(
    page: Iterable[ContactFacts], known: dict[str, ExternalContact], matches: dict[str, Match]
) -> dict[str, ExternalContact]:
    """All people of the page with their rows; `known` ones are renewed where they changed."""
    now = timezone.now()
    # In one order everywhere, so that two pages with the same people cannot deadlock.
    latest = {facts.external_userid: facts for facts in page}
    latest = {key: latest[key] for key in sorted(latest)}
    fresh = [_new(facts, matches, now) for key, facts in latest.items() if key not in known]
    ExternalContact.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["external_userid"],
        update_fields=["name", "unionid", "kind", "synced_at"],
    )
    _renew([known[key] for key in latest if key in known], latest, matches, now)
    return {row.external_userid: row for row in (*fresh, *known.values())}


def _new(facts: ContactFacts, matches: dict[str, Match], now: datetime.datetime) -> ExternalContact:
    row = ExternalContact(
        external_userid=facts.external_userid,
        name=facts.name[:_NAME_LENGTH],
        unionid=facts.unionid,
        kind=facts.kind,
        synced_at=now,
    )
    _link(row, matches.get(facts.external_userid), now)
    return row


def _link(row: ExternalContact, match: Match | None, now: datetime.datetime) -> None:
    if match is not None:
        row.customer_id, row.matched_by, row.matched_at = match.customer_id, match.by, now


def _renew(
    rows: list[ExternalContact],
    latest: dict[str, ContactFacts],
    matches: dict[str, Match],
    now: datetime.datetime,
) -> None:
    """Most people of a walk are as they were: those cost one statement for all of them."""
    ids = [row.pk for row in rows]
    ExternalContact.objects.filter(pk__in=ids).update(synced_at=now)
    changed = [row for row in rows if _differs(row, latest[row.external_userid], matches)]
    for row in changed:
        facts = latest[row.external_userid]
        row.name, row.unionid, row.kind = facts.name[:_NAME_LENGTH], facts.unionid, facts.kind
        _link(row, matches.get(row.external_userid), now)
    fields = ["name", "unionid", "kind", "customer", "matched_by", "matched_at"]
    ExternalContact.objects.bulk_update(changed, fields, batch_size=100)


def _differs(row: ExternalContact, facts: ContactFacts, matches: dict[str, Match]) -> bool:
    told = (facts.name[:_NAME_LENGTH], facts.unionid, facts.kind)
    return row.external_userid in matches or (row.name, row.unionid, row.kind) != told
