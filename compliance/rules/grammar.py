"""The clause pattern language: one line per rule, word classes by name, no Python in the data.

Elements, separated by blanks:
    a|b|<class>   one of these words must stand here
    ?a|b          one of these may stand here
    !a|b  -a|b    none of these may follow / may stand before
    ~  ~N         gap of up to N (6) characters inside the sentence
    _  _N         the same (4) inside the clause
    +  +N         the same (6) inside the sentence and without a negation
    ^  ^N         the same (6) inside the clause, without a negation and without "you"
    @a|b          one of these must stand somewhere in the sentence: a cheap test before =regex
    =regex        a raw expression without blanks; {NUM}, {SUM}, {WHO}: numbers, amounts, a person
A line with " & " between its groups is a scene: one word of each group in a sentence, in any order;
`!a|b` then means "nowhere in that sentence" (see scenes.py).
Every required word list is also a cue: a rule is tried only when each of its lists has a word in
the message, which the shared automaton already knows. That keeps regular expressions off the
ordinary message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from compliance.rules.scenes import Scene, Span

DATA = Path(__file__).parent / "data"
_GAP = re.compile(r"([~_+^])(\d*)$")
_STOPS = {"~": "。？", "_": "。？，", "+": "。？不没无非勿", "^": "。？，不没无您你"}
_NUM = "[\\d一二三四五六七八九十两几半百千万]+"
_SUM = (
    "(?:[\\d一二三四五六七八九十两几半]+(?:个点|点|块|元|千|百|万|w|k|%|成|毛|分利)"
    "|\\d{3,}|[百千万]分之)"
)
# Somebody talked about, not talked to: "李总，" and "李总您" are salutations.
_WHO = (
    "(?:(?<![一-鿿])|(?<=[他她把给帮替和跟的查看是这那了]))"
    "(?:[张王李赵刘陈杨黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡"
    "贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤"
    "尹黎易常武乔贺赖龚文](?:总|姐|哥|老师|阿姨|叔|大爷|先生|女士|太太|老板|工|局|主任|院长|校长|家)"
    "|老[一-鿿])(?![，。您你]|们|$)"
)
_MACROS = {"{NUM}": _NUM, "{SUM}": _SUM, "{WHO}": _WHO}
_CLASS = re.compile(r"<(\w+)>")


class RuleSyntaxError(ValueError):
    """A shipped rule line that cannot be compiled; names file and line."""


@dataclass(frozen=True, slots=True)
class Rule:
    rule_id: str
    category: str
    severity: int | None  # None: the category's default
    mode: str  # p: polarity checked; s: own negation is the risk; x: never cleared
    shape: re.Pattern[str] | Scene
    cues: tuple[frozenset[str], ...]
    why: str

    def matches(self, text: str, start: int, end: int) -> Iterator[list[Span]]:
        """The words of each match in the sentence text[start:end]; a clause pattern is one piece."""
        if isinstance(self.shape, Scene):
            yield from self.shape.matches(text, start, end)
        else:
            yield from ([m.span()] for m in self.shape.finditer(text, start, end))


def alternatives(text: str, classes: dict[str, frozenset[str]]) -> frozenset[str]:
    """Expand a|b|<class> into the set of words."""
    words: set[str] = set()
    for part in text.split("|"):
        named = _CLASS.fullmatch(part)
        if named:
            if named[1] not in classes:
                raise RuleSyntaxError(f"unknown class <{named[1]}>")
            words |= classes[named[1]]
        elif part:
            words.add(part)
    return frozenset(words)


def _group(words: frozenset[str]) -> str:
    # Longest first, so that the span shown to the reviewer is the full word.
    return "|".join(_literal(w) for w in sorted(words, key=lambda w: (-len(w), w)))


def _literal(word: str) -> str:
    # A Latin word must not be a part of a longer one (vx in "vxlan"). The look behind stands after
    # the first letter: words that all begin with a plain character are searched far faster.
    left = f"(?<![a-z]{word[0]})" if "a" <= word[0] <= "z" else ""
    right = "(?![a-z])" if "a" <= word[-1] <= "z" else ""
    return re.escape(word[0]) + left + re.escape(word[1:]) + right


def _gap(kind: str, size: str) -> str:
    return f"[^{_STOPS[kind]}]{{0,{size or ('4' if kind == '_' else '6')}}}?"


def expand(source: str) -> str:
    for name, value in _MACROS.items():
        source = source.replace(name, value)
    return source


def _element(token: str, classes: dict[str, frozenset[str]]) -> tuple[str, frozenset[str] | None]:
    gap = _GAP.match(token)
    if gap:
        return _gap(gap[1], gap[2]), None
    if token[0] == "=":
        return expand(token[1:]), None
    if token[0] == "@":
        return "", alternatives(token[1:], classes)
    if token[0] in "?!-" and len(token) > 1:
        words = alternatives(token[1:], classes)
        if token[0] == "?":
            return f"(?:{_group(words)})?", None
        if token[0] == "!":
            return f"(?!{_group(words)})", None
        return "".join(f"(?<!{re.escape(w)})" for w in sorted(words)), None
    words = alternatives(token, classes)
    return f"(?:{_group(words)})", words


def compile_pattern(
    pattern: str, classes: dict[str, frozenset[str]]
) -> tuple[re.Pattern[str], tuple[frozenset[str], ...]]:
    parts = [_element(token, classes) for token in pattern.split()]
    cues = tuple(words for _, words in parts if words)
    if not cues:
        raise RuleSyntaxError(f"pattern without a required word: {pattern}")
    return re.compile("".join(source for source, _ in parts)), cues


# "Don't", but not the second half of "distinguish", "special" or "others", nor "don't tell".
_DONT = "(?<![识特区分级个性告类辨])别(?![人的家处墅说告提名跟让])"


def _nowhere(words: set[str]) -> re.Pattern[str] | None:
    parts = [_DONT] * ("别" in words) + [_group(frozenset(words - {"别"}))] * bool(words - {"别"})
    return re.compile("|".join(parts)) if parts else None


def compile_scene(
    pattern: str, classes: dict[str, frozenset[str]]
) -> tuple[Scene, tuple[frozenset[str], ...]]:
    """Groups joined by " & ": words, =regex (no cue) or one !words."""
    groups: list[re.Pattern[str]] = []
    cues: list[frozenset[str]] = []
    never: set[str] = set()
    for part in (cell.strip() for cell in pattern.split(" & ")):
        if part[0] == "!":
            never |= alternatives(part[1:], classes)
        elif part[0] == "=":
            groups.append(re.compile(expand(part[1:])))
        elif part[0] == "@":
            cues.append(alternatives(part[1:], classes))
        else:
            cues.append(alternatives(part, classes))
            groups.append(re.compile(_group(cues[-1])))
    if not cues or len(groups) < 2:
        raise RuleSyntaxError(f"a scene needs two groups and one of words: {pattern}")
    return Scene(tuple(groups), _nowhere(never)), tuple(cues)


def _compiled(
    pattern: str, classes: dict[str, frozenset[str]]
) -> tuple[re.Pattern[str] | Scene, tuple[frozenset[str], ...]]:
    return (compile_scene if " & " in pattern else compile_pattern)(pattern, classes)


def _lines(name: str) -> Iterator[tuple[int, str]]:
    """Logical lines: comments dropped, a line that begins with a blank continues the last."""
    held: tuple[int, str] | None = None
    for number, raw in enumerate((DATA / name).read_text(encoding="utf-8").splitlines(), 1):
        if not raw.strip() or raw.lstrip().startswith("#"):
            continue
        if raw[0] == " " and held:
            held = (held[0], held[1] + raw.strip())
            continue
        if held:
            yield held
        held = (number, raw.strip())
    if held:
        yield held


@cache
def load_classes() -> dict[str, frozenset[str]]:
    classes: dict[str, frozenset[str]] = {}
    for number, line in _lines("classes.txt"):
        name, _, words = line.partition("=")
        if not words.strip():
            raise RuleSyntaxError(f"classes.txt:{number}: empty class")
        if name.strip() in classes:
            raise RuleSyntaxError(f"classes.txt:{number}: <{name.strip()}> stands there twice")
        classes[name.strip()] = alternatives(words.strip(), classes)
    return classes


def _rule(line: str, category: str, where: str) -> Rule:
    cells = [cell.strip() for cell in line.split("::")]
    if len(cells) != 3:
        raise RuleSyntaxError(f"{where}: expected 'id [severity] [mode] :: pattern :: why'")
    head = cells[0].split()
    severity = next((int(h) for h in head[1:] if h.isdigit()), None)
    mode = next((h for h in head[1:] if h in "psx"), "p")
    try:
        shape, cues = _compiled(cells[1], load_classes())
    except (RuleSyntaxError, re.error) as error:
        raise RuleSyntaxError(f"{where}: {error}") from error
    return Rule(head[0], category, severity, mode, shape, cues, cells[2])


@cache
def load_rules() -> tuple[Rule, ...]:
    """All clause rules, one file per category; the file name is the category."""
    rules: list[Rule] = []
    for path in sorted(DATA.rglob("*.rules")):
        name = str(path.relative_to(DATA))
        for number, line in _lines(name):
            rules.append(_rule(line, path.stem, f"{name}:{number}"))
    ids = [rule.rule_id for rule in rules]
    if len(set(ids)) != len(ids):
        raise RuleSyntaxError(f"duplicate rule id: {sorted({i for i in ids if ids.count(i) > 1})}")
    return tuple(rules)


@cache
def load_words(name: str) -> dict[str, frozenset[str]]:
    """A file of 'key = a|b' lines, for example the sensitive objects of each category."""
    return {
        line.partition("=")[0].strip(): alternatives(line.partition("=")[2].strip(), load_classes())
        for _, line in _lines(name)
    }
