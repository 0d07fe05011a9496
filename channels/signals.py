"""What travels up from the channels. Receivers run in the transaction of the sender."""

from django.dispatch import Signal

# task: OutboxTask that reached accepted, failed or cancelled (task.state tells which).
outbox_settled = Signal()
# task: OutboxTask whose call ended without an answer; WeCom is read before anything else happens.
outbox_uncertain = Signal()
# task: OutboxTask that WeCom has stopped; what was confirmed before stays sent.
outbox_cancelled = Signal()
# task: OutboxTask; userid: employee who tapped send; at: datetime.
member_confirmed = Signal()
# task: OutboxTask; rows: [{"external_userid", "status": 1|2|3, "at": datetime}].
results_read = Signal()
# follow: Follow; change: "added" | "deleted_by_customer" | "deleted_by_rm" | "lost"; at: datetime.
follow_changed = Signal()
# corp_id: str. New data lies in the message archive.
archive_notified = Signal()
