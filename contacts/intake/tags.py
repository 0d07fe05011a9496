"""Corp tags as WeCom defines them, against our groups and tags. Nothing is ever thrown away."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from contacts.models import CustomerTag, FollowTag, Tag, TagGroup, TagPush

_LONGEST = 30
_OPEN = [TagPush.State.WAITING, TagPush.State.SENDING]


@dataclass(frozen=True, slots=True)
class TagGroupFacts:
    wecom_id: str
    name: str
    # (WeCom's id, name)
    tags: tuple[tuple[str, str], ...]


@transaction.atomic
def take_in_tags(groups: Iterable[TagGroupFacts], *, as_of: datetime.datetime) -> tuple[int, int]:
    """Groups with all of their tags; returns how many groups and tags. Groups on their way up
    are left alone: what WeCom shows of them may be the state before."""
    taken = tags = 0
    for facts in groups:
        group = _group(facts)
        if not _is_older(group, as_of):
            continue
        if group.name != facts.name:
            group.name = _free_name(facts.name, group)
        group.wecom_id, group.removed_at, group.as_of = facts.wecom_id, None, as_of
        group.save()
        _tags(group, facts)
        taken, tags = taken + 1, tags + len(facts.tags)
    return taken, tags


def _group(facts: TagGroupFacts) -> TagGroup:
    """The row of this group: by WeCom's id, by its name when it has none yet, or a new one."""
    rows = TagGroup.objects.select_for_update()
    row = rows.filter(wecom_id=facts.wecom_id).first()
    row = row or rows.filter(name=facts.name, wecom_id="").first()
    row = row or rows.filter(name=facts.name, removed_at__isnull=False).first()
    return row or TagGroup(name=_free_name(facts.name, None), from_wecom=True)


def _is_older(group: TagGroup, as_of: datetime.datetime) -> bool:
    if group.pk is None:
        return True
    if group.pushes.filter(state__in=_OPEN).exists():
        return False
    return group.as_of is None or group.as_of <= as_of


def _free_name(name: str, group: TagGroup | None) -> str:
    """Names are unique here: a namesake of WeCom's gets a mark."""
    others = TagGroup.objects.exclude(pk=group.pk) if group else TagGroup.objects.all()
    if not others.filter(name=name[:_LONGEST]).exists():
        return name[:_LONGEST]
    return f"{name[: _LONGEST - 3]}·微信"


def _tags(group: TagGroup, facts: TagGroupFacts) -> None:
    known = {row.wecom_id: row for row in Tag.objects.filter(wecom_id__in=_ids(facts))}
    names = {row.name: row for row in group.tags.all()}
    for wecom_id, name in facts.tags:
        row = known.get(wecom_id) or _unclaimed(names.get(name)) or Tag(from_wecom=True)
        if (row.pk, row.group_id, row.name, row.wecom_id, row.removed_at) == (
            row.pk, group.pk, name, wecom_id, None
        ) and row.pk:  # fmt: skip
            continue
        row.group, row.wecom_id, row.removed_at, row.withheld = group, wecom_id, None, False
        taken = names.get(name)
        # A namesake here that is not this tag keeps the name until a person settles it.
        row.name = name if taken is None or taken.pk == row.pk else f"{name[: _LONGEST - 3]}·微信"
        row.save()
        names[row.name] = row
    missing = group.tags.live().exclude(wecom_id="").exclude(wecom_id__in=_ids(facts))
    remove_tags(missing, at=group.as_of)


def _ids(facts: TagGroupFacts) -> list[str]:
    return [wecom_id for wecom_id, _ in facts.tags]


def _unclaimed(row: Tag | None) -> Tag | None:
    """A tag of ours by that name which is not yet, or no longer, a tag of WeCom's."""
    return row if row is not None and (not row.wecom_id or row.removed_at) else None


def remove_tags(tags: Iterable[Tag], *, at: datetime.datetime | None) -> int:
    """Tags that WeCom no longer has. One that is in use here stays, as ours alone."""
    rows = list(tags)
    FollowTag.objects.filter(tag__in=rows).delete()
    uses = CustomerTag.objects.filter(tag__in=rows)
    uses.filter(source=CustomerTag.Source.WECOM).delete()
    used = set(uses.values_list("tag_id", flat=True))
    for row in rows:
        if row.pk in used or not row.from_wecom:
            row.wecom_id, row.withheld, row.from_wecom = "", True, False
        else:
            row.removed_at = at
        row.save(update_fields=["wecom_id", "withheld", "from_wecom", "removed_at"])
    return len(rows)


@transaction.atomic
def remove_groups(wecom_ids: Iterable[str], *, at: datetime.datetime) -> int:
    """Groups that WeCom no longer has, with their tags; not those of which newer is known."""
    count = 0
    for group in TagGroup.objects.select_for_update().filter(wecom_id__in=list(wecom_ids)):
        if not _is_older(group, at):
            continue
        count += remove_tags(group.tags.live().exclude(wecom_id=""), at=at)
        group.wecom_id, group.as_of = "", at
        if not group.tags.live().exists():
            group.removed_at = at
        group.save()
    return count
