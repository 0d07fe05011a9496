from channels.models.codes import (
    AnyCode,
    Code,
    ContactWay,
    ContactWayMember,
    ContactWayShift,
    ContactWayTagging,
    FoundWay,
    GroupCode,
)
from channels.models.inbox import InboxEvent
from channels.models.media import MediaFile, MediaUpload
from channels.models.org import Department, Member
from channels.models.outbox import MassSendMember, OutboxTask
from channels.models.sync import SyncRun
from channels.models.welcome import Welcome

__all__ = [
    "AnyCode",
    "Code",
    "ContactWay",
    "ContactWayMember",
    "ContactWayShift",
    "ContactWayTagging",
    "Department",
    "FoundWay",
    "GroupCode",
    "InboxEvent",
    "MassSendMember",
    "MediaFile",
    "MediaUpload",
    "Member",
    "OutboxTask",
    "SyncRun",
    "Welcome",
]
