"""change_external_tag: the corporation's customer tags."""

from django.conf import settings

from channels.inbox.handlers.base import Handler, Handlers, client_of, kept
from channels.models import InboxEvent
from channels.tags.walk import tag_groups
from contacts.intake.tags import TagGroupFacts, remove_groups, remove_tags, take_in_tags
from contacts.models import Tag


def _fetch(event: InboxEvent) -> list[TagGroupFacts]:
    """All of them: asked for one tag, WeCom shows its group without the others."""
    if event.corp_id != settings.WECOM_CORP_ID:
        return []
    return tag_groups(client_of(event))


def _refresh(event: InboxEvent, groups: list[TagGroupFacts]) -> None:
    take_in_tags(groups, as_of=event.happened_at)


def _remove(event: InboxEvent, data: object) -> None:
    """A group that is deleted sends one event, and none for each of its tags."""
    gone = str(event.body.get("Id") or "")
    if event.body.get("TagType") == "tag_group":
        remove_groups([gone], at=event.happened_at)
    elif gone:
        remove_tags(Tag.objects.filter(wecom_id=gone), at=event.happened_at)


_EVENT = "change_external_tag"
HANDLERS: Handlers = {
    (_EVENT, "create"): Handler("企业标签新增", _refresh, _fetch),
    (_EVENT, "update"): Handler("企业标签变更", _refresh, _fetch),
    (_EVENT, "delete"): Handler("企业标签删除", _remove),
    # Tags have no order here.
    (_EVENT, "shuffle"): kept("企业标签排序"),
}
