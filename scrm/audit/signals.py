"""What apps above learn of the trail, in the transaction that writes it."""

from django.dispatch import Signal

# event: AuditEvent that was just written.
recorded = Signal()
