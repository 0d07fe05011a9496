"""Risk lexicon and scan engine: pure functions, no ORM, no settings."""

from compliance.lexicon.engine import Engine
from compliance.lexicon.model import (
    ALIAS_SORTS,
    CATEGORIES,
    SEVERITY_NAMES,
    Finding,
    LexiconData,
    LexiconInvalid,
    ScanContext,
    ScanFailed,
    ScanResult,
    Term,
)
from compliance.lexicon.source import parse_aliases, parse_csv, starter_lexicon
from compliance.lexicon.versions import ENGINE_VERSION

__all__ = [
    "ALIAS_SORTS",
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
    "parse_aliases",
    "parse_csv",
    "starter_lexicon",
]
