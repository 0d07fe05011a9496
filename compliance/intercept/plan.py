"""Which words the client can enforce, and in which rule each of them stands. Pure functions.

The client knows exact words only: no context, no spelling variants, no exceptions.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from compliance.lexicon import CATEGORIES, Term

MAX_RULES, MAX_WORDS, MAX_NAME = 100, 300, 20
BLOCK, WARN = 1, 2
KIND_NAMES = {BLOCK: "拦截", WARN: "提醒"}
# Rules whose names begin so are ours; all others belong to somebody else and are never touched.
PREFIX = "SCRM "
_WARN_FROM, _BLOCK_FROM = 2, 3
OVER_LIMIT = "超出企业微信 100 条规则 × 300 词的上限"
Held = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class Limits:
    """`most`: the longest word, in UTF-8 bytes if `in_bytes`, else in characters."""

    most: int = 32
    in_bytes: bool = False

    def too_long(self, word: str) -> bool:
        return len(word.encode() if self.in_bytes else word) > self.most


@dataclass(frozen=True, slots=True)
class Plan:
    """`rules`: name → its words, sorted; `rest`: (kind, text) of a term → why it is not enforced."""

    rules: dict[str, list[str]]
    rest: dict[tuple[str, str], str]


def why_not(term: Term, limits: Limits) -> str:
    """Why the client cannot enforce this term; empty when it can."""
    if term.kind == "benign":
        return "放行词，不是风险词"
    if term.kind == "complaint":
        return "投诉用语，客户说出时转人工复核"
    if term.kind == "alias":
        return "别名，由词库引擎还原后检查"
    if term.rule_id:
        return "属于语法规则，客户端只认整词"
    if term.severity < _WARN_FROM:
        return "S0–S1 只记录，不打扰员工"
    if limits.too_long(term.text):
        return f"超过 {limits.most} 个{'字节' if limits.in_bytes else '字'}"
    return ""


def kind_of(term: Term, benign: Collection[str]) -> int:
    """BLOCK or WARN. A word that is part of an allowed phrase is never blocked: the client cannot
    tell the phrase from the word."""
    allowed = any(term.text in phrase for phrase in benign)
    return WARN if allowed or term.severity < _BLOCK_FROM else BLOCK


def stem(category: str, kind: int) -> str:
    """What the names of all rules of one group begin with; a number follows."""
    name = CATEGORIES.get(category, (category, 0))[0]
    tail = f" {KIND_NAMES[kind]}"
    return f"{PREFIX}{name}"[: MAX_NAME - len(tail) - len(str(MAX_RULES))] + tail


def kind_of_rule(name: str) -> int:
    """BLOCK or WARN, by the name of one of our rules."""
    return WARN if KIND_NAMES[WARN] in name.rsplit(" ", 1)[-1] else BLOCK


def plan(terms: Iterable[Term], held: Held, limits: Limits, room: int = MAX_RULES) -> Plan:
    """Places the words of a lexicon in at most `room` rules.

    Words stay in the rule that holds them already (`held`: name → words), so that a small change
    touches few rules. The gravest find their place first; what finds none is in `rest`.
    """
    every = list(terms)
    benign = [term.text for term in every if term.kind == "benign"]
    rest = {(t.kind, t.text): why for t in every if (why := why_not(t, limits))}
    wanted = [term for term in every if (term.kind, term.text) not in rest]
    wanted.sort(key=lambda term: (-term.severity, term.category, term.text))
    groups: dict[str, list[str]] = {}
    for term in wanted:
        groups.setdefault(stem(term.category, kind_of(term, benign)), []).append(term.text)
    rules: dict[str, list[str]] = {}
    for name, words in groups.items():
        over = _place(rules, name, words, held, room)
        rest.update({("risk", word): OVER_LIMIT for word in over})
    return Plan({name: sorted(words) for name, words in rules.items()}, rest)


def _place(
    rules: dict[str, list[str]], group: str, words: list[str], held: Held, room: int
) -> list[str]:
    """Puts the words of one group into rules; returns those for which there is no room left."""
    fresh = _stay(rules, group, words, held, room)
    for number in range(1, MAX_RULES + 1):
        if not fresh:
            break
        name = f"{group}{number}"
        if name not in rules and len(rules) >= room:
            continue
        free = MAX_WORDS - len(rules.get(name, []))
        if free:
            rules.setdefault(name, []).extend(fresh[:free])
            fresh = fresh[free:]
    return fresh


def _stay(
    rules: dict[str, list[str]], group: str, words: list[str], held: Held, room: int
) -> list[str]:
    """Leaves words where they are; returns those that are nowhere yet."""
    home = {
        word: name
        for name in (f"{group}{number}" for number in range(1, MAX_RULES + 1))
        for word in held.get(name, ())
    }
    fresh = []
    for word in words:
        name = home.get(word, "")
        if name and (name in rules or len(rules) < room):
            rules.setdefault(name, []).append(word)
        else:
            fresh.append(word)
    return fresh
