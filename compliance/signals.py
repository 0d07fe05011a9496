"""What travels up from compliance. Receivers run in the transaction of the sender."""

from django.dispatch import Signal

# message: ArchivedMessage that was just stored; sent once per message, also for recalls and the
# like (see message.msgtype, message.action). Not sent for repeats and undecodable records.
message_archived = Signal()
