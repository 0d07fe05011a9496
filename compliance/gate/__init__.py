"""The only door out. Everything that reaches a customer passes `clear`, and again `recheck`."""

from compliance.gate.door import (
    Recheck,
    Verdicts,
    clear,
    register_source,
    remind,
    stop_at_wecom,
    wake,
    withdraw,
)
from compliance.gate.greetings import Offer, Part, register_greeter
from compliance.gate.judging import CHECK_NAMES, told
from compliance.gate.proposal import Proposal

__all__ = [
    "CHECK_NAMES",
    "Offer",
    "Part",
    "Proposal",
    "Recheck",
    "Verdicts",
    "clear",
    "register_greeter",
    "register_source",
    "remind",
    "stop_at_wecom",
    "told",
    "wake",
    "withdraw",
]
