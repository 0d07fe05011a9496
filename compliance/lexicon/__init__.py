"""Risk lexicon and scan engine: pure functions, no ORM, no settings."""

from compliance.lexicon.engine import Engine, scan_joined
from compliance.lexicon.model import (
    CATEGORIES,
    ENGINE_VERSION,
    SEVERITY_NAMES,
    Finding,
    LexiconData,
    LexiconInvalid,
    ScanContext,
    ScanFailed,
    ScanResult,
    Term,
)
from compliance.lexicon.source import parse_csv, starter_lexicon

__all__ = [
    "CATEGORIES",
    "ENGINE_VERSION",
    "SEVERITY_NAMES",
    "Engine",
    "Finding",
    "LexiconData",
    "LexiconInvalid",
    "ScanContext",
    "ScanFailed",
    "ScanResult",
    "Term",
    "parse_csv",
    "scan_joined",
    "starter_lexicon",
]
