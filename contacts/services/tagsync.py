"""What of our tags WeCom should have: durable wishes, worked off by the channels.

Only what people and rules do here makes wishes. What comes down from WeCom never does, so nothing
can echo.
"""

from collections.abc import Iterable

from django.db.models import F, Q
from django.utils import timezone

from contacts.models import CustomerTag, Follow, Tag, TagGroup, TagPush
from contacts.signals import tags_wanted

_OPEN = [TagPush.State.WAITING, TagPush.State.SENDING]
_BATCH = 1000


def want_group(group: TagGroup) -> None:
    """The definitions of a two-way group changed here."""
    if not group.shared:
        return
    now = timezone.now()
    if not TagPush.objects.filter(group=group, state__in=_OPEN).update(wanted_at=now):
        TagPush.objects.create(group=group)
    tags_wanted.send(TagPush)


def want_marks(*, customer_ids: Iterable[int], tags: Iterable[Tag]) -> int:
    """These tags of these customers changed here; returns how many friendships that touches.

    A tag is put on the owner's friendship; it is taken off every one that carries it.
    """
    two_way = list(Tag.objects.two_way().filter(pk__in=[tag.pk for tag in tags]))
    if not two_way:
        return 0
    owners = Q(user=F("contact__customer__owner"), state=Follow.State.ACTIVE)
    rows = Follow.objects.filter(contact__customer__in=list(customer_ids))
    ids = rows.filter(owners | Q(marks__tag__in=two_way)).values_list("pk", flat=True).distinct()
    return _want(ids)


def want_group_marks(group: TagGroup) -> int:
    """Everybody here who carries a tag of this group: it has just become two-way."""
    tags = list(group.tags.live())
    customers = CustomerTag.objects.filter(tag__in=tags).values_list("customer_id", flat=True)
    return want_marks(customer_ids=set(customers), tags=tags)


def _want(follow_ids: Iterable[int]) -> int:
    ids = sorted(follow_ids)
    for at in range(0, len(ids), _BATCH):
        chunk = ids[at : at + _BATCH]
        open_rows = TagPush.objects.filter(follow__in=chunk, state__in=_OPEN)
        open_rows.update(wanted_at=timezone.now())
        waiting = set(open_rows.values_list("follow_id", flat=True))
        TagPush.objects.bulk_create(
            [TagPush(follow_id=pk) for pk in chunk if pk not in waiting], ignore_conflicts=True
        )
    if ids:
        tags_wanted.send(TagPush)
    return len(ids)
