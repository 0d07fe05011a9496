"""Groups and tags of the bank; two-way ones are carried to WeCom."""

from django.db import transaction
from django.utils import timezone

from contacts.models import CustomerTag, Tag, TagGroup, TagPush
from contacts.services.tagsync import want_group, want_group_marks, want_marks
from scrm.audit.services import record
from scrm.core.actors import Actor
from scrm.core.errors import BusinessError

_LONGEST = 30
_THEIRS = "这是管理员在企业微信里建立的标签，只能在企业微信管理后台修改或删除。"


def _named(name: str) -> str:
    name = name.strip()
    if not name or len(name) > _LONGEST:
        raise BusinessError(f"名称需要 1 到 {_LONGEST} 个字。")
    return name


@transaction.atomic
def tag_group_create(*, name: str, shared: bool, actor: Actor) -> TagGroup:
    name = _named(name)
    if TagGroup.objects.filter(name=name).exists():
        raise BusinessError("已有同名的标签组。")
    group = TagGroup.objects.create(name=name, shared=shared)
    after = {"名称": name, "双向同步": shared}
    record("tag.change", actor=actor, obj=group, after=after)
    return group


@transaction.atomic
def tag_create(*, group: TagGroup, name: str, actor: Actor) -> Tag:
    """A new tag of the group; one of that name that was removed is taken up again."""
    group, name = _locked(group), _named(name)
    tag = group.tags.filter(name=name).first() or Tag(group=group, name=name)
    if tag.pk and tag.removed_at is None:
        raise BusinessError("这个标签组里已有同名的标签。")
    if tag.pk:
        tag.wecom_id, tag.from_wecom = "", False
    tag.removed_at, tag.withheld = None, False
    tag.save()
    record("tag.change", actor=actor, obj=tag, after={"标签组": group.name, "新标签": name})
    want_group(group)
    return tag


def _locked(group: TagGroup) -> TagGroup:
    row = TagGroup.objects.select_for_update().get(pk=group.pk)
    if row.removed_at is not None:
        raise BusinessError("这个标签组已不存在，请刷新页面。")
    return row


@transaction.atomic
def tag_rename(*, tag: Tag, name: str, actor: Actor) -> Tag:
    group, name = _locked(tag.group), _named(name)
    row = group.tags.live().get(pk=tag.pk)
    if row.from_wecom:
        raise BusinessError(_THEIRS)
    if group.tags.filter(name=name).exclude(pk=row.pk).exists():
        raise BusinessError("这个标签组里已有同名的标签。")
    before, row.name = row.name, name
    row.save(update_fields=["name"])
    record("tag.change", actor=actor, obj=row, before={"名称": before}, after={"名称": name})
    want_group(group)
    return row


@transaction.atomic
def tag_remove(*, tag: Tag, actor: Actor) -> None:
    """Takes the tag off everybody. The row stays: the trail and old segments name it."""
    group = _locked(tag.group)
    row = group.tags.live().get(pk=tag.pk)
    if row.from_wecom:
        raise BusinessError(_THEIRS)
    if row.wecom_id and not group.shared:
        raise BusinessError("企业微信里还有这个标签。请先打开双向同步，再删除。")
    count, _ = CustomerTag.objects.filter(tag=row).delete()
    row.removed_at = timezone.now()
    row.save(update_fields=["removed_at"])
    record("tag.change", actor=actor, obj=row, before={"客户数": count}, after={"已删除": True})
    want_group(group)


@transaction.atomic
def tag_group_share(*, group: TagGroup, shared: bool, actor: Actor) -> TagGroup:
    """Two-way or not. Switched off, WeCom keeps what it has and nothing more is carried there."""
    row = _locked(group)
    if row.shared == shared:
        return row
    row.shared = shared
    row.save(update_fields=["shared"])
    record("tag.change", actor=actor, obj=row, after={"双向同步": shared})
    if shared:
        row.tags.filter(withheld=True).update(withheld=False)
        want_group(row)
        want_group_marks(row)
    return row


@transaction.atomic
def tag_push_again(*, push: TagPush, actor: Actor) -> None:
    """A failed push is wished anew, after a person has mended its cause."""
    row = TagPush.objects.select_for_update().get(pk=push.pk)
    if row.state != TagPush.State.FAILED:
        raise BusinessError("只有失败的推送可以重试，请刷新页面。")
    record("tag.change", actor=actor, label=str(row), after={"重试推送": True})
    if row.group is not None:
        want_group(row.group)
    elif row.follow is not None and row.follow.contact.customer_id is not None:
        tags = Tag.objects.two_way()
        want_marks(customer_ids=[row.follow.contact.customer_id], tags=tags)
    TagPush.objects.filter(pk=row.pk).delete()
