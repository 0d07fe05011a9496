"""Scans a text with the lexicon in force. Fails closed: an exception means hold, never clean."""

from typing import Literal

from compliance.lexicon import ScanContext, ScanResult
from compliance.lexicons import active_engine

Speaker = Literal["staff", "customer"]


def scan_text(text: str, *, speaker: Speaker = "staff") -> ScanResult:
    """Raises ScanFailed (no active lexicon, damaged lexicon, engine error): callers must hold."""
    return active_engine().scan(text, ScanContext(speaker=speaker))
