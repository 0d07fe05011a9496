"""Evaluate one layer: lexicon hits, sensitive objects and clause rules, minus what is benign."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from compliance.lexicon.index import Hit, Index
from compliance.lexicon.layers import Layer
from compliance.lexicon.model import CATEGORIES, Term
from compliance.lexicon.segment import crosses_words
from compliance.rules.grammar import Rule
from compliance.rules.polarity import cleared

_MASK = "\x02"
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Raw:
    rule_id: str
    category: str
    severity: int | None
    start: int
    end: int
    channel: str
    why: str


class Matcher:
    def __init__(self, index: Index) -> None:
        self.index = index
        self.entries = [(e.term, e.benign, e.split, e.bits) for e in index.entries]

    def hits(self, text: str) -> tuple[int, list[Hit], list[Span], bool]:
        """(cue bits, lexicon hits, benign spans, a split or alias sequence is present)."""
        bits = 0
        terms: list[Hit] = []
        benign: list[Span] = []
        split = False
        entries = self.entries
        for start, end, number in self.index.automaton.find_overlapping(text):
            term, good, folded, own = entries[number]
            bits |= own
            if term is not None:
                terms.append((start, end, term))
            if good:
                benign.append((start, end))
            split = split or folded
        return bits, terms, benign, split

    def may_match(self, bits: int) -> bool:
        return any(bits & mask == mask for mask, _ in self._candidates(bits))

    def _candidates(self, bits: int) -> list[tuple[int, Rule]]:
        out: list[tuple[int, Rule]] = []
        rest = bits & self.index.rarest
        while rest:
            low = rest & -rest
            out += self.index.rules[low]
            rest ^= low
        return out

    def evaluate(
        self,
        layer: Layer,
        bits: int,
        terms: list[Hit],
        benign: list[Span],
        original: str,
        restored: bool,
    ) -> list[Raw]:
        found = [
            raw
            for hit in terms
            if (raw := _term_raw(layer, hit, benign, original, restored)) is not None
        ]
        masked = _masked(layer.text, benign)
        for mask, rule in self._candidates(bits):
            if bits & mask == mask:
                raw = _rule_raw(layer, masked, rule, original, restored)
                if raw:
                    found.append(raw)
        return found


def _masked(text: str, benign: list[Span]) -> str:
    for start, end in benign:
        text = text[:start] + _MASK * (end - start) + text[end:]
    return text


def _inside_benign(start: int, end: int, benign: list[Span]) -> bool:
    """A longer benign phrase that overlaps the hit wins over it."""
    return (
        any(s < end and start < e and e - s > end - start for s, e in benign)
        or (start, end) in benign
    )


def _term_raw(
    layer: Layer, hit: Hit, benign: list[Span], original: str, restored: bool
) -> Raw | None:
    start, end, term = hit
    stage = layer.changed(start, end)
    if restored and not stage:
        return None
    if term.kind == "object" and not (stage or _decorated(layer, start, end, original)):
        return None
    if _inside_benign(start, end, benign) or not _whole_latin(layer.text, start, end):
        return None
    if len(term.text) < 4 and not stage and crosses_words(layer.text, start, end):
        return None
    if cleared(layer.text, start, end, "p"):
        return None
    return _raw_of_term(layer, start, end, term, stage, original)


def _raw_of_term(layer: Layer, start: int, end: int, term: Term, stage: str, original: str) -> Raw:
    left, right = layer.span(start, end)
    channel = stage or ("noise" if right - left > end - start else "exact")
    name = CATEGORIES[term.category][0]
    if term.kind == "object":
        why = f"用变形写法提到“{term.text}”，疑似规避检查（{name}）。"
    else:
        why = f"出现风险词“{term.text}”（{name}）。"
    rule_id = term.rule_id or f"LEX-{term.category}-{term.text}"
    return Raw(rule_id, term.category, term.severity, left, right, channel, why)


def _rule_raw(layer: Layer, masked: str, rule: Rule, original: str, restored: bool) -> Raw | None:
    for match in rule.regex.finditer(masked):
        start, end = match.span()
        stage = layer.changed(start, end)
        if (restored and not stage) or start == end:
            continue
        if cleared(layer.text, start, end, rule.mode):
            continue
        left, right = layer.span(start, end)
        return Raw(
            rule.rule_id, rule.category, rule.severity, left, right, stage or "pattern", rule.why
        )
    return None


def _whole_latin(text: str, start: int, end: int) -> bool:
    word = text[start:end]
    if not word[0].isascii() and not word[-1].isascii():
        return True
    sides = (
        text[start - 1 : start] if word[0].isascii() else "",
        text[end : end + 1] if word[-1].isascii() else "",
    )
    return not any(c and c.isascii() and c.isalpha() for c in sides)


def _decorated(layer: Layer, start: int, end: int, original: str) -> bool:
    """Symbols or emoji stand inside the word. Blanks and invisible characters do not count:
    they come with pasted text and with whole messages typed with spaces."""
    left, right = layer.span(start, end)
    return any(
        unicodedata.category(ch)[0] in "SP" and ch not in "，。、！？,!?;；:："
        for ch in original[left:right]
    )
