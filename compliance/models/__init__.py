from compliance.models.alerts import Alert, Case, CaseAction
from compliance.models.archive import (
    ArchiveCursor,
    ArchivedMessage,
    ArchiveEnvelope,
    MessageScan,
    Seal,
)
from compliance.models.lexicon import LexiconTerm, LexiconVersion
from compliance.models.review import Review

__all__ = [
    "Alert",
    "ArchiveCursor",
    "ArchiveEnvelope",
    "ArchivedMessage",
    "Case",
    "CaseAction",
    "LexiconTerm",
    "LexiconVersion",
    "MessageScan",
    "Review",
    "Seal",
]
