"""Friendships: made, renewed and ended. Newer facts win, whatever order they come in."""

import datetime
from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet

from contacts.intake.facts import ContactFacts, Relation
from contacts.intake.stream import Fact, note_event, note_events
from contacts.models import ExternalContact, Follow
from scrm.accounts.models import User

_CHANGED = ["state", "lost_reason", "add_way", "channel_state", "remark", "added_at", "lost_at"]
Key = tuple[int, int]


def save_follows(page: Iterable[Relation], people: dict[str, ExternalContact]) -> list[Follow]:
    """The friendships of a page; those of which something newer is known stay as they are."""
    told: dict[Key, Relation] = {}
    for row in page:
        key = (row.user_id, people[row.facts.external_userid].pk)
        if key not in told or told[key].as_of <= row.as_of:
            told[key] = row
    known = _known(told)
    fresh = [_told(_new(key), row) for key, row in sorted(told.items()) if key not in known]
    # The people's rows are locked by now, so nobody else makes the same friendship meanwhile.
    Follow.objects.bulk_create(fresh)
    _renew({key: row for key, row in told.items() if key in known}, known)
    return [*known.values(), *fresh]


def _known(told: dict[Key, Relation]) -> dict[Key, Follow]:
    users, contacts = {key[0] for key in told}, {key[1] for key in told}
    rows = Follow.objects.select_for_update().filter(user__in=users, contact__in=contacts)
    found = {(row.user_id, row.contact_id): row for row in rows.order_by("pk")}
    return {key: row for key, row in found.items() if key in told}


def _new(key: Key) -> Follow:
    return Follow(user_id=key[0], contact_id=key[1])


def _renew(told: dict[Key, Relation], known: dict[Key, Follow]) -> None:
    """What did not change is only dated anew: one statement for each time that WeCom was asked."""
    same: dict[datetime.datetime, list[int]] = defaultdict(list)
    changed = []
    for key, row in told.items():
        follow = known[key]
        if follow.as_of > row.as_of:
            continue
        before = [getattr(follow, name) for name in _CHANGED]
        _told(follow, row)
        if before == [getattr(follow, name) for name in _CHANGED]:
            same[row.as_of].append(follow.pk)
        else:
            changed.append(follow)
    for as_of, ids in same.items():
        Follow.objects.filter(pk__in=ids).update(as_of=as_of)
    Follow.objects.bulk_update(changed, [*_CHANGED, "as_of"], batch_size=100)


def _told(follow: Follow, row: Relation) -> Follow:
    facts: ContactFacts = row.facts
    follow.state = Follow.State.ACTIVE
    follow.add_way = facts.add_way
    follow.channel_state = facts.channel_state[:64]
    follow.remark = facts.remark[:60]
    follow.added_at = facts.added_at
    follow.lost_at = None
    follow.lost_reason = ""
    follow.as_of = row.as_of
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
    follow.state, follow.lost_at, follow.lost_reason, follow.as_of = state, at, "", at
    follow.save(update_fields=["state", "lost_at", "lost_reason", "as_of"])
    note_event(kind="deleted", contact=follow.contact, user=user, at=at, key=f"lost:{follow.pk}")
    return follow


def unseen_follows(*, users: Iterable[int], since: datetime.datetime) -> QuerySet[Follow]:
    """Friendships of these employees of which nothing was heard since then: a walk missed them."""
    return Follow.objects.filter(
        user__in=users, state=Follow.State.ACTIVE, as_of__lt=since
    ).select_related("user", "contact")


@transaction.atomic
def mark_absent(*, ids: Iterable[int], at: datetime.datetime) -> list[Follow]:
    """Ends friendships that WeCom no longer has, unless an event told something newer meanwhile."""
    rows = list(
        Follow.objects.select_for_update(of=("self",))
        .filter(pk__in=ids, state=Follow.State.ACTIVE, as_of__lt=at)
        .select_related("contact", "user")
        .order_by("pk")
    )
    for row in rows:
        row.state, row.lost_reason, row.lost_at, row.as_of = Follow.State.LOST, "sync", at, at
    Follow.objects.bulk_update(rows, ["state", "lost_reason", "lost_at", "as_of"], batch_size=200)
    note_events(Fact("deleted", row.contact, row.user, at, f"lost:{row.pk}") for row in rows)
    return rows


@transaction.atomic
def mark_present(*, ids: Iterable[int], at: datetime.datetime) -> None:
    """WeCom still has these friendships, says a second look."""
    Follow.objects.filter(pk__in=ids, as_of__lt=at).update(as_of=at)
