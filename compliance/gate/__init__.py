"""The only door out. Everything that reaches a customer passes `clear`, and again `recheck`."""

from compliance.gate.checks import CHECK_NAMES
from compliance.gate.door import Verdicts, cancel_at_wecom, clear, remind, withdraw
from compliance.gate.proposal import Proposal

__all__ = ["CHECK_NAMES", "Proposal", "Verdicts", "cancel_at_wecom", "clear", "remind", "withdraw"]
