from compliance.models.agreement import ArchiveAgreement
from compliance.models.alarms import ArchiveAlarm, ArchiveGap
from compliance.models.alerts import Alert, Case, CaseAction, Decision
from compliance.models.archive import (
    ArchiveCursor,
    ArchivedMessage,
    ArchiveEnvelope,
    MessageScan,
)
from compliance.models.autoreview import AutoReviewRule
from compliance.models.behaviour import BehaviourMark
from compliance.models.containment import Containment
from compliance.models.evidence import EvidencePackage
from compliance.models.holidays import Holiday
from compliance.models.intercept import InterceptRule
from compliance.models.lexicon import LexiconRun, LexiconRunPart, LexiconTerm, LexiconVersion
from compliance.models.log import LogAnchor, LogHead, LogLeaf, LogSubtree
from compliance.models.media import ArchivedMedia
from compliance.models.parameters import ParameterChange
from compliance.models.proposals import BenignProposal
from compliance.models.retention import KeyRotation, LegalHold, PurgeItem, PurgeRequest
from compliance.models.review import Review
from compliance.models.sampling import Sample, SamplingPlan
from compliance.models.search import MessageIndex
from compliance.models.transfers import CaseTransfer

__all__ = [
    "Alert",
    "ArchiveAgreement",
    "ArchiveAlarm",
    "ArchiveCursor",
    "ArchiveEnvelope",
    "ArchiveGap",
    "ArchivedMedia",
    "ArchivedMessage",
    "AutoReviewRule",
    "BehaviourMark",
    "BenignProposal",
    "Case",
    "CaseAction",
    "CaseTransfer",
    "Containment",
    "Decision",
    "EvidencePackage",
    "Holiday",
    "InterceptRule",
    "KeyRotation",
    "LegalHold",
    "LexiconRun",
    "LexiconRunPart",
    "LexiconTerm",
    "LexiconVersion",
    "LogAnchor",
    "LogHead",
    "LogLeaf",
    "LogSubtree",
    "MessageIndex",
    "MessageScan",
    "ParameterChange",
    "PurgeItem",
    "PurgeRequest",
    "Review",
    "Sample",
    "SamplingPlan",
]
