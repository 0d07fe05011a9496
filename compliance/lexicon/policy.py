"""From findings to an action: who receives it, how often, and who speaks."""

from __future__ import annotations

from compliance.lexicon.model import ACTIONS, ScanContext

ELDERLY_AGE = 65
REPEATS_TO_RAISE = 3
# Harm grows with a recipient who is easily misled or with money; an insult is an insult to anyone.
_PROTECTED = frozenset(
    {
        "guarantee_return",
        "misleading_promotion",
        "suitability",
        "off_book_sale",
        "unlicensed_advice",
        "off_channel",
        "loan_violation",
        "kickback",
    }
)


def _vulnerable(context: ScanContext) -> bool:
    old = context.recipient_age is not None and context.recipient_age >= ELDERLY_AGE
    return old or (context.recipient_risk_level or "").upper() == "C1"


def raised(severity: int, category: str, context: ScanContext) -> int:
    """Severity for this recipient; an observation (0) stays one."""
    if severity == 0:
        return 0
    if category in _PROTECTED and _vulnerable(context):
        severity += 1
    if context.repeat_count >= REPEATS_TO_RAISE:
        severity += 1
    return min(4, severity)


def decide(severity: int | None, context: ScanContext) -> str:
    """The customer's own message is only tagged, whatever it says."""
    if severity is None:
        return "pass"
    return "observe" if context.speaker == "customer" else ACTIONS[severity]
