"""State machines: one table, one function. The caller holds the row lock and saves the row."""

from collections.abc import Mapping
from typing import Any

from scrm.core.errors import IllegalTransition

Moves = Mapping[str, frozenset[str]]


def moves(**table: str) -> dict[str, frozenset[str]]:
    """moves(draft="in_review cancelled") → {"draft": {"in_review", "cancelled"}}."""
    return {state: frozenset(targets.split()) for state, targets in table.items()}


def can_move(table: Moves, current: str, target: str) -> bool:
    return target in table.get(current, frozenset())


def move(row: Any, table: Moves, target: str, field: str = "state") -> str:
    """Sets row.field to target and returns the former state; raises IllegalTransition."""
    current = getattr(row, field)
    if not can_move(table, current, target):
        names = dict(row._meta.get_field(field).flatchoices)
        now, then = names.get(current, current), names.get(target, target)
        sentence = f"当前状态是「{now}」，不能变为「{then}」。请刷新页面查看最新状态。"
        raise IllegalTransition(sentence, code="illegal_transition")
    setattr(row, field, target)
    return str(current)
