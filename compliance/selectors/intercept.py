"""What of the lexicon in force acts in the staff's WeCom client, and what only afterwards."""

import datetime
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from compliance.intercept.plan import BLOCK, OVER_LIMIT, WARN, Limits, kind_of_rule, stem, why_not
from compliance.intercept.policy import departments, limits
from compliance.lexicon import Term
from compliance.models import InterceptRule, LexiconTerm


class Place(NamedTuple):
    label: str
    colour: str
    why: str = ""


@dataclass
class Coverage:
    """`rules`: all of ours. Only words that WeCom has for certain count as enforced."""

    on: bool
    rules: list[InterceptRule]
    limits: Limits

    def count(self, kind: int, category: str = "") -> int:
        """Words enforced in this way, of one category or of all."""
        begin = stem(category, kind) if category else ""
        mine = (r for r in self.rules if r.name.startswith(begin) and kind_of_rule(r.name) == kind)
        return sum(len(rule.pushed or ()) for rule in mine)

    @property
    def blocked(self) -> int:
        return self.count(BLOCK)

    @property
    def warned(self) -> int:
        return self.count(WARN)

    @property
    def open_rules(self) -> int:
        return sum(rule.push_at is not None for rule in self.rules)

    @property
    def pushed_at(self) -> datetime.datetime | None:
        return max((rule.pushed_at for rule in self.rules if rule.pushed_at), default=None)

    def of_category(self, category: str, terms: int) -> dict[str, int]:
        blocked, warned = self.count(BLOCK, category), self.count(WARN, category)
        return {"blocked": blocked, "warned": warned, "after": max(0, terms - blocked - warned)}

    @cached_property
    def _enforced(self) -> dict[str, int]:
        return {w: kind_of_rule(rule.name) for rule in self.rules for w in rule.pushed or ()}

    @cached_property
    def _wanted(self) -> set[str]:
        return {word for rule in self.rules for word in rule.words}

    def place(self, term: LexiconTerm) -> Place:
        """Where this term of the version in force acts, and why not in the client."""
        value = Term(term.text, term.category, term.severity, term.kind, term.rule_id, term.target)
        why = why_not(value, self.limits)
        if term.kind == "benign":
            return Place("不检查", "secondary", why)
        kind = None if why else self._enforced.get(term.text)
        if kind == BLOCK:
            return Place("客户端拦截", "red")
        if kind == WARN:
            # Severe words are only warned of where an allowed phrase holds them.
            return Place(
                "客户端提醒", "yellow", "放行词里含这个词，不拦截" if term.severity > WARN else ""
            )
        return Place("事后发现", "blue", why or self._not_yet(term.text))

    def _not_yet(self, word: str) -> str:
        if not self.on:
            return "客户端规则未开启"
        return "等待推送" if word in self._wanted else OVER_LIMIT


def coverage() -> Coverage:
    return Coverage(bool(departments()), list(InterceptRule.objects.all()), limits())
