"""What each noun is for, told against the sandbox. A story reads back what it wrote, so that a
misspelt field, which WeCom and its sandbox ignore, is seen."""

from tests.channels.wecom.stories import content, identity, relations
from tests.channels.wecom.stories.common import PNG, Story

__all__ = ["PNG", "STORIES", "Story"]

STORIES: tuple[Story, ...] = (
    relations.org,
    relations.customers,
    relations.tags,
    relations.contact_ways,
    relations.acquisition,
    relations.groups,
    relations.transfers,
    relations.statistics,
    content.welcome,
    content.mass_send,
    content.moments,
    content.album,
    content.intercepts,
    content.messages,
    content.files,
    identity.visitors,
    identity.tickets,
    identity.archive,
)
