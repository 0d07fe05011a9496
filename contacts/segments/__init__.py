"""What a customer rule may speak of, and two evaluators of the same rule: SQL and one customer."""

from contacts.segments.facts import Facts, facts_of
from contacts.segments.registry import (
    REGISTRY,
    Moment,
    check,
    editor_schema,
    holds,
    rule_q,
    rule_sentence,
    rule_sentences,
)

__all__ = [
    "REGISTRY",
    "Facts",
    "Moment",
    "check",
    "editor_schema",
    "facts_of",
    "holds",
    "rule_q",
    "rule_sentence",
    "rule_sentences",
]
