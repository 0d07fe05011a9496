"""What travels up from compliance. Receivers run in the transaction of the sender."""

from django.dispatch import Signal

# messages: the ArchivedMessages that were just stored together, in order; each message is told once,
# recalls and the like too (see message.msgtype, message.action). Not sent for repeats and
# undecodable records.
messages_archived = Signal()
# case: Case that was closed; actor: who closed it.
case_closed = Signal()
# alert: Alert of severity S4 that was just raised.
alert_grave = Signal()

# The log has grown past another thousand leaves; a head should leave the database soon.
anchor_due = Signal()
# version: LexiconVersion drafted just now; actor: who did.
lexicon_drafted = Signal()

# package: EvidencePackage that may be built now.
evidence_due = Signal()
# version: LexiconVersion approved just now for a moment ahead.
lexicon_scheduled = Signal()
# version: LexiconVersion put in force just now.
lexicon_activated = Signal()
