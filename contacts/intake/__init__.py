"""Takes in what WeCom tells of customers and friendships. Newer facts win, whatever order they come."""

import datetime

from django.db import transaction

from contacts.intake.doubts import open_doubts
from contacts.intake.facts import ContactFacts, Relation, Taken
from contacts.intake.follows import (
    mark_absent,
    mark_lost,
    mark_present,
    save_follows,
    unseen_follows,
)
from contacts.intake.marks import save_marks
from contacts.intake.matching import find_matches, record_matches
from contacts.intake.people import known_people, save_people
from contacts.intake.stream import Fact, note_event, note_events
from contacts.models import Follow
from scrm.accounts.models import User

__all__ = [
    "ContactFacts",
    "Fact",
    "Relation",
    "Taken",
    "mark_absent",
    "mark_lost",
    "mark_present",
    "note_event",
    "note_events",
    "take_in",
    "take_in_page",
    "unseen_follows",
]


def take_in(
    *, user: User, facts: ContactFacts, as_of: datetime.datetime
) -> tuple[Follow | None, bool]:
    """One relation; returns its Follow and whether the friendship is new."""
    rows = Follow.objects.filter(user=user, contact__external_userid=facts.external_userid)
    had = rows.filter(state=Follow.State.ACTIVE).exists()
    take_in_page(page=[Relation(user.pk, facts, as_of)])
    follow = rows.first()
    return follow, not had and follow is not None and follow.state == Follow.State.ACTIVE


@transaction.atomic
def take_in_page(*, page: list[Relation]) -> Taken:
    """A page of relations, of one employee or of many, in a handful of statements, idempotent."""
    if not page:
        return Taken()
    facts = [row.facts for row in page]
    known = known_people(facts)
    findings = find_matches(facts, known)
    matches = findings.matches
    people = save_people(facts, known, matches)
    doubts = open_doubts(findings.doubts, people)
    follows = save_follows(page, people)
    record_matches(matches)
    save_marks(page, people, follows)
    return Taken(len(people), len(page), len(matches), doubts)
