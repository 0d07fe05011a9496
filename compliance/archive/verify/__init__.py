"""Proves the archive again from its rows: nothing is believed because it was right before."""

from compliance.archive.verify.service import archive_verify
from compliance.archive.verify.verdict import Fault, Verdict

__all__ = ["Fault", "Verdict", "archive_verify"]
