"""The only way to change anything about customers."""

from contacts.services.customers import (
    consent_change,
    customer_tag_add,
    customer_tag_remove,
    customer_unmask,
    customer_viewed,
    follow_up_create,
)
from contacts.services.duties import duties_find
from contacts.services.matching import FollowFacts, contact_match, follow_upsert
from contacts.services.segments import segment_create, segment_update
from contacts.services.tasks import task_complete, task_skip, task_snooze

__all__ = [
    "FollowFacts",
    "consent_change",
    "contact_match",
    "customer_tag_add",
    "customer_tag_remove",
    "customer_unmask",
    "customer_viewed",
    "duties_find",
    "follow_up_create",
    "follow_upsert",
    "segment_create",
    "segment_update",
    "task_complete",
    "task_skip",
    "task_snooze",
]
