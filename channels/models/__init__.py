from channels.models.inbox import InboxEvent
from channels.models.outbox import MassSendMember, OutboxTask
from channels.models.sync import SyncRun

__all__ = ["InboxEvent", "MassSendMember", "OutboxTask", "SyncRun"]
