"""WeCom's intercept rules for the apps above: the client of the staff blocks or warns by them.

Every call may raise ProviderError. A name is unique at WeCom, so the same rule cannot be made twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from channels.providers.base import ProviderError
from channels.providers.wecom.api import wecom
from channels.providers.wecom.api.intercept import BLOCK, WARN

__all__ = ["BLOCK", "NAME_TAKEN", "NO_SUCH_RULE", "WARN", "ProviderError", "RuleAtWeCom"]

NO_SUCH_RULE = frozenset({41070, 41071})
NAME_TAKEN = 41077


@dataclass(frozen=True, slots=True)
class RuleAtWeCom:
    rule_id: str
    words: list[str]
    departments: list[int]


def rule_add(name: str, words: list[str], kind: int, departments: list[int]) -> str:
    """rule_id of the new rule."""
    return wecom().intercept.add(name, words, kind, {"department_list": departments})


def rule_find(name: str) -> RuleAtWeCom | None:
    """The rule of that name, read back from WeCom."""
    for row in wecom().intercept.rows():
        if row["rule_name"] == name:
            return _read(str(row["rule_id"]))
    return None


def _read(rule_id: str) -> RuleAtWeCom:
    rule = wecom().intercept.one(rule_id)
    who = rule.get("applicable_range") or {}
    return RuleAtWeCom(
        rule_id, list(rule.get("word_list") or []), list(who.get("department_list") or [])
    )


def rule_ids() -> set[str]:
    """Every rule that WeCom has, ours or not."""
    return {str(row["rule_id"]) for row in wecom().intercept.rows()}


def rule_update(
    rule_id: str, words: list[str], *, had: Iterable[int], departments: Iterable[int]
) -> None:
    """Gives the rule these words, and these departments in place of those it `had`."""
    more, less = sorted(set(departments) - set(had)), sorted(set(had) - set(departments))
    wecom().intercept.update(
        rule_id,
        words=words,
        add={"department_list": more} if more else None,
        remove={"department_list": less} if less else None,
    )


def rule_delete(rule_id: str) -> None:
    wecom().intercept.delete(rule_id)
