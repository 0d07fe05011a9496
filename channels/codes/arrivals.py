"""Somebody came through a code: limits are looked at again, and the code's tags put on."""

import datetime
from typing import Any, cast

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from channels.codes import roster
from channels.models import ContactWay, ContactWayTagging
from contacts.models import Customer, CustomerTag, Follow, Tag
from contacts.services.tagsync import want_marks
from scrm.audit.services import record
from scrm.core.actors import SYSTEM
from scrm.core.bell import ring_once

_BATCH = 500


def on_follow_changed(
    sender: Any, follow: Follow, change: str, at: datetime.datetime, **_: Any
) -> None:
    """In the transaction that took the friendship in."""
    if change != "added" or not follow.channel_state:
        return
    # The lock makes two customers who come at once count one after the other.
    locked = ContactWay.objects.live().select_for_update(of=("self",))
    way = locked.filter(channel_state=follow.channel_state).first()
    if way is None:
        return
    refresh(ContactWay.objects.filter(pk=way.pk))
    put_tags_on(way, [follow])


def refresh(rows: Any) -> int:
    """Recomputes what is wanted of locked codes and rings for what changed."""
    from channels.tasks import codes_push

    changed = roster.refresh(roster.with_people(rows), timezone.now())
    if changed:
        ring_once(codes_push)
    return len(changed)


def refresh_all() -> int:
    """Shifts begin and end, midnight frees everybody: every minute all codes are looked at."""
    last, count = 0, 0
    while True:
        with transaction.atomic():
            rows = ContactWay.objects.live().filter(pk__gt=last).order_by("pk")
            ids = [row.pk for row in rows.select_for_update(skip_locked=True)[:_BATCH]]
            count += refresh(ContactWay.objects.filter(pk__in=ids))
        if len(ids) < _BATCH:
            return count
        last = ids[-1]


@transaction.atomic
def put_tags_on(way: ContactWay, follows: list[Follow]) -> int:
    """The code's tags for customers who came through it; once per friendship. Returns how many."""
    tags = list(way.tags.filter(pk__in=Tag.objects.live()))
    known = [follow for follow in follows if follow.contact.customer_id is not None]
    if not tags or not known:
        return 0
    done = ContactWayTagging.objects.filter(way=way, follow__in=known)
    before = set(done.values_list("follow_id", flat=True))
    fresh = [follow for follow in known if follow.pk not in before]
    marks = [ContactWayTagging(way=way, follow=follow) for follow in fresh]
    ContactWayTagging.objects.bulk_create(marks, ignore_conflicts=True)
    for follow in fresh:
        _tag(way, cast("Customer", follow.contact.customer), tags)
    return len(fresh)


def _tag(way: ContactWay, customer: Customer, tags: list[Tag]) -> None:
    have = CustomerTag.objects.filter(customer=customer, tag__in=tags)
    missing = [tag for tag in tags if tag.pk not in set(have.values_list("tag_id", flat=True))]
    why = f"扫活码「{way.name}」添加"
    CustomerTag.objects.bulk_create(
        [
            CustomerTag(customer=customer, tag=tag, source=CustomerTag.Source.RULE, why=why)
            for tag in missing
        ],
        ignore_conflicts=True,
    )
    if missing:
        want_marks(customer_ids=[customer.pk], tags=missing)
        names = "、".join(str(tag) for tag in missing)
        record("customer.tag", actor=SYSTEM, obj=customer, after={"加": names}, reason=why)


def tag_late() -> int:
    """Tags for friendships that a walk brought, or whose customer became known only later."""
    ways = ContactWay.objects.live().filter(tags__isnull=False).distinct()
    return sum(put_tags_on(way, _untagged(way)) for way in ways)


def _untagged(way: ContactWay) -> list[Follow]:
    marks = ContactWayTagging.objects.filter(way=way, follow=OuterRef("pk"))
    rows = Follow.objects.filter(
        ~Exists(marks),
        channel_state=way.channel_state,
        contact__customer__isnull=False,
        added_at__gte=way.created_at,
    )
    return list(rows.select_related("contact__customer")[:_BATCH])
