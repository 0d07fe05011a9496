"""The only way to change anything about customers."""

from contacts.services.customers import (
    consent_change,
    customer_opt_in,
    customer_opt_out,
    customer_tag_add,
    customer_tag_remove,
    customer_unmask,
    customer_viewed,
    follow_up_create,
)
from contacts.services.duties import duties_find
from contacts.services.identity import identity_link, identity_reject
from contacts.services.segments import segment_create, segment_update
from contacts.services.tags import (
    tag_create,
    tag_group_create,
    tag_group_share,
    tag_push_again,
    tag_remove,
    tag_rename,
)
from contacts.services.tasks import task_complete, task_skip, task_snooze

__all__ = [
    "consent_change",
    "customer_opt_in",
    "customer_opt_out",
    "customer_tag_add",
    "customer_tag_remove",
    "customer_unmask",
    "customer_viewed",
    "duties_find",
    "follow_up_create",
    "identity_link",
    "identity_reject",
    "segment_create",
    "segment_update",
    "tag_create",
    "tag_group_create",
    "tag_group_share",
    "tag_push_again",
    "tag_remove",
    "tag_rename",
    "task_complete",
    "task_skip",
    "task_snooze",
]
