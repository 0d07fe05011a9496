"""Evaluate one layer: lexicon hits, sensitive objects and clause rules, minus what is benign."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import cache

from compliance.lexicon.index import Hit
from compliance.lexicon.layers import AnyLayer, Layer
from compliance.lexicon.model import CATEGORIES, MAX_TERM_CHARS, Term
from compliance.lexicon.segment import crosses_words
from compliance.lexicon.source import starter_lexicon
from compliance.lexicon.surroundings import decorated, hides, is_accident, whole_latin
from compliance.lexicon.sweep import Hits, Span
from compliance.rules.grammar import Rule, expand, load_words
from compliance.rules.polarity import cleared, forbids, sentence
from compliance.rules.wording import load_wording

_MASK = "\x02"
_WORDED = 2  # hold
_SURE = 0.7  # a listed word needs a stronger contradiction than a pattern
_AGREE = 0.6
_OPEN = frozenset({"", "alias"})
_CONTEXT = 4  # characters besides the hit: without them there is no wording to judge
_OBSERVED = "语境像提示、拒绝或说明，降为观察。"


@dataclass(frozen=True, slots=True)
class Raw:
    rule_id: str
    category: str
    severity: int | None
    start: int
    end: int
    channel: str
    why: str
    doubt: tuple[int, int, float] | None = None  # where the wording may speak against it


def evaluate(layer: AnyLayer, hits: Hits, original: str) -> list[Raw]:
    if not hits.terms and not hits.rules:
        return []
    hits.benign.sort()
    found = [_term_raw(layer, hit, hits.benign, original) for hit in hits.terms]
    if hits.rules:
        masked = _masked(layer.text, hits.benign)
        found += [_rule_raw(layer, original, masked, *unit) for unit in hits.rules]
    raws = [raw for raw in found if raw is not None]
    return _weighed(raws, layer.text) if raws else raws


def worded(layer: AnyLayer, original: str) -> list[Raw]:
    """A finding by wording alone: it asks for a second look and never blocks by itself."""
    wording = load_wording()
    for score, (start, end) in wording.suspicious(layer.text):
        left, right = layer.span(start, end)
        hidden = _rewritten(layer, start, end) or hides(original[left:right])
        surplus = score - (wording.suspect if hidden else wording.accept)
        if surplus > (_SURE if forbids(layer.text[start:end]) else 0):
            category = wording.category(layer.text[start:end])
            why = f"整句的说法与“{CATEGORIES[category][0]}”的违规话术相近，请人工确认。"
            return [Raw(f"WD-{category}", category, _WORDED, left, right, "wording", why)]
    return []


def _rewritten(layer: AnyLayer, start: int, end: int) -> bool:
    """More than emoji had to be restored to read it."""
    return isinstance(layer, Layer) and not _OPEN.issuperset(layer.stage[start:end])


def _masked(text: str, benign: list[Span]) -> str:
    if not benign:
        return text
    chars = list(text)
    for start, end in benign:
        chars[start:end] = _MASK * (end - start)
    return "".join(chars)


def _inside_benign(start: int, end: int, benign: list[Span]) -> bool:
    """A longer benign phrase that overlaps the hit wins over it; `benign` is sorted."""
    first = bisect_left(benign, (start - MAX_TERM_CHARS, 0))
    last = bisect_left(benign, (end, 0))
    return any(
        e > start and (e - s > end - start or (s, e) == (start, end)) for s, e in benign[first:last]
    )


def _term_raw(layer: AnyLayer, hit: Hit, benign: list[Span], original: str) -> Raw | None:
    start, end, term = hit
    stage = layer.changed(start, end)
    if isinstance(layer, Layer) and not stage:
        return None
    if term.kind == "object" and not _disguised(layer, start, end, original):
        return None
    if _inside_benign(start, end, benign) or not whole_latin(layer.text, start, end):
        return None
    if len(term.text) < 4 and not stage and crosses_words(layer.text, start, end):
        return None
    if cleared(layer.text, start, end, "p"):
        return None
    short = end - start <= 2 or term.kind == "object"
    if stage == "pinyin" and short and _only_a_hint(layer, start, end, original):
        return None
    raw = _raw_of_term(layer, start, end, term, stage)
    own = term.kind != "object" and not shipped(term)
    hidden = stage or decorated(layer, start, end, original)
    return raw if own or hidden else replace(raw, doubt=(start, end, _SURE))


@cache
def _cue_pattern() -> re.Pattern[str]:
    """Amounts, acts and risky objects: what a homophone of two syllables needs beside it."""
    files = ("acts.txt", "objects.txt", "hints.txt")
    lists = [group for name in files for group in load_words(name).values()]
    words = sorted({w for group in lists for w in group}, key=lambda w: (-len(w), w))
    return re.compile(expand("{SUM}|") + "|".join(map(re.escape, words)))


def _only_a_hint(layer: AnyLayer, start: int, end: int, original: str) -> bool:
    """A short or neutral word merely sounds like this, with nothing else in the sentence."""
    left, right = layer.span(start, end)
    if any(ch.isascii() and ch.isalpha() for ch in original[left:right]):
        return False
    text = layer.text
    first, last = sentence(text, start, end)
    return not _cue_pattern().search(text[first:start] + "，" + text[end:last])


def _disguised(layer: AnyLayer, start: int, end: int, original: str) -> bool:
    """A neutral word counts only when a part of it was hidden; an emoji alone is an emoji."""
    if isinstance(layer, Layer):
        return any(stage != "alias" for stage in layer.stage[start:end])
    return decorated(layer, start, end, original)


def _raw_of_term(layer: AnyLayer, start: int, end: int, term: Term, stage: str) -> Raw:
    left, right = layer.span(start, end)
    channel = stage or ("noise" if right - left > end - start else "exact")
    name = CATEGORIES[term.category][0]
    if term.kind == "object":
        why = f"用变形写法提到“{term.text}”，疑似规避检查（{name}）。"
    else:
        why = f"出现风险词“{term.text}”（{name}）。"
    return Raw(term.finding_id, term.category, term.severity, left, right, channel, why)


def _rule_raw(
    layer: AnyLayer, original: str, masked: str, rule: Rule, first: int, last: int
) -> Raw | None:
    restored = isinstance(layer, Layer)
    for words in rule.matches(masked, first, last):
        start, end = min(s for s, _ in words), max(e for _, e in words)
        stage = layer.changed(start, end)
        if (restored and not stage) or cleared(layer.text, start, end, rule.mode):
            continue
        if not stage and any(is_accident(layer.text, *word) for word in words):
            continue
        left, right = layer.span(start, end)
        channel = stage or "pattern"
        raw = Raw(rule.rule_id, rule.category, rule.severity, left, right, channel, rule.why)
        hidden = stage or rule.mode == "x" or decorated(layer, start, end, original)
        return raw if hidden else replace(raw, doubt=(start, end, 0.0))
    return None


def _weighed(raws: list[Raw], text: str) -> list[Raw]:
    """Where the words are there but the sentence reads like a warning, they only observe.

    The more rules agree, the clearer the wording has to contradict them.
    """
    if not any(raw.doubt for raw in raws):
        return raws
    wording = load_wording()
    slack = wording.veto - _AGREE * (len({raw.rule_id for raw in raws}) - 1)

    def kept(raw: Raw) -> bool:
        if raw.doubt is None:
            return True
        start, end, sure = raw.doubt
        if len(text) - (end - start) < _CONTEXT:
            return True
        return wording.around(text, start, end) >= slack - sure

    return [raw if kept(raw) else replace(raw, severity=0, why=raw.why + _OBSERVED) for raw in raws]


@cache
def _shipped_words() -> frozenset[str]:
    return frozenset(t.text for t in starter_lexicon().terms)


def shipped(term: Term) -> bool:
    """A word of the shipped lexicon; what a bank added is never doubted."""
    return term.text in _shipped_words()
