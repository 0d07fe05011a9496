"""Makes WeCom's definitions of one two-way group those of ours.

Every attempt reads WeCom first and does only what is missing, so an attempt whose end nobody
knows is simply followed by another one.
"""

from django.db import transaction
from django.utils import timezone

from channels.providers.wecom.api import WeCom
from channels.tags.walk import tag_groups
from contacts.intake.tags import TagGroupFacts, remove_tags
from contacts.models import CustomerTag, FollowTag, Tag, TagGroup
from contacts.services.tagsync import want_marks


def push_group(wecom: WeCom, group: TagGroup) -> None:
    """Raises ProviderError; what was done before it stays done and is noted."""
    there = _there(group, tag_groups(wecom))
    _adopt(group, there)
    _rename_group(wecom, group, there)
    _add(wecom, group)
    _rename(wecom, group, dict(there.tags) if there else {})
    _delete(wecom, group, dict(there.tags) if there else {})
    TagGroup.objects.filter(pk=group.pk).update(as_of=timezone.now())


def _there(group: TagGroup, groups: list[TagGroupFacts]) -> TagGroupFacts | None:
    by_id = [facts for facts in groups if facts.wecom_id == group.wecom_id]
    by_name = [facts for facts in groups if facts.name == group.name]
    return next(iter(by_id or by_name), None)


@transaction.atomic
def _adopt(group: TagGroup, there: TagGroupFacts | None) -> None:
    """Takes the ids of what WeCom already has by the same name: an answer of ours may be lost.

    What an administrator deleted there is not made anew.
    """
    ids = [wecom_id for wecom_id, _ in there.tags] if there else []
    gone = group.tags.live().exclude(wecom_id="").exclude(wecom_id__in=ids)
    remove_tags(gone, at=timezone.now())
    group.wecom_id = there.wecom_id if there else ""
    group.save(update_fields=["wecom_id"])
    _claim(group, {name: wecom_id for wecom_id, name in there.tags} if there else {})


def _claim(group: TagGroup, ids: dict[str, str]) -> None:
    taken = set(group.tags.exclude(wecom_id="").values_list("wecom_id", flat=True))
    for tag in group.tags.live().filter(wecom_id=""):
        wecom_id = ids.get(tag.name, "")
        if wecom_id and wecom_id not in taken:
            tag.wecom_id = wecom_id
            tag.save(update_fields=["wecom_id"])
            # In this transaction: now that the tag can be marked, its customers' marks are due.
            carried = CustomerTag.objects.filter(tag=tag).values_list("customer_id", flat=True)
            want_marks(customer_ids=list(carried), tags=[tag])


def _rename_group(wecom: WeCom, group: TagGroup, there: TagGroupFacts | None) -> None:
    if there and there.name != group.name and not group.from_wecom:
        wecom.tags.edit(there.wecom_id, name=group.name)


def _add(wecom: WeCom, group: TagGroup) -> None:
    """WeCom has no empty groups: the group comes into being with its first tags."""
    names = group.tags.live().filter(wecom_id="", withheld=False).values_list("name", flat=True)
    if not names:
        return
    made = wecom.tags.add(list(names), group_name=group.name, group_id=group.wecom_id)
    with transaction.atomic():
        group.wecom_id = made["group_id"]
        group.save(update_fields=["wecom_id"])
        _claim(group, {tag["name"]: tag["id"] for tag in made["tag"]})


def _rename(wecom: WeCom, group: TagGroup, names: dict[str, str]) -> None:
    for tag in group.tags.live().filter(wecom_id__in=names, from_wecom=False):
        if names[tag.wecom_id] != tag.name:
            wecom.tags.edit(tag.wecom_id, name=tag.name)


def _delete(wecom: WeCom, group: TagGroup, names: dict[str, str]) -> None:
    """Tags that were removed here; marks of theirs vanish at WeCom with them."""
    gone = list(Tag.objects.filter(group=group, removed_at__isnull=False).exclude(wecom_id=""))
    there = [tag.wecom_id for tag in gone if tag.wecom_id in names]
    if there:
        wecom.tags.delete(tag_ids=there)
    FollowTag.objects.filter(tag__in=gone).delete()
    Tag.objects.filter(pk__in=[tag.pk for tag in gone]).update(wecom_id="")
