"""The engine: build once per lexicon version, scan many messages; a failure is never clean."""

from __future__ import annotations

import re

from compliance.lexicon import decode
from compliance.lexicon.chars import CharTable, alias_form
from compliance.lexicon.index import Builder
from compliance.lexicon.layers import Layer, LazyLayer, Squeezer, canonical_layer
from compliance.lexicon.matching import ALIAS, Matcher, Raw
from compliance.lexicon.model import (
    CATEGORIES,
    Finding,
    LexiconData,
    ScanContext,
    ScanFailed,
    ScanResult,
)
from compliance.lexicon.policy import decide, raised
from compliance.lexicon.restore import Homophones, Replacer, split_table
from compliance.lexicon.source import require_valid, starter_lexicon
from compliance.lexicon.versions import ENGINE_VERSION
from compliance.rules.grammar import load_classes, load_rules, load_words
from compliance.rules.structured import structured

_MAX_FINDINGS = 50
_LINK = re.compile(r"https?://[!-~]+")
_ACCIDENT = 6  # characters, the marks around the letters included
_CHINESE = re.compile("[\u4e00-\u9fff]*")
DEFAULT_CONTEXT = ScanContext()


class Engine:
    """Immutable after build; safe to share between threads."""

    def __init__(self, data: LexiconData) -> None:
        aliases = _aliases(data)
        symbols = frozenset(ch for k in aliases for ch in k if not ch.isalnum())
        self.data = data
        self.digest = data.digest
        self.table = CharTable(symbols)
        self.squeezer = Squeezer(symbols)
        builder = Builder(self.table, self.squeezer)
        builder.add_lexicon(data)
        builder.add_benign()
        vocabulary, strong = _vocabulary(builder)
        splits = _useful_splits(strong)
        folds = splits | {k: ALIAS for k in aliases if k not in symbols}
        self.matcher = Matcher(builder.finish(folds), _neighbours(strong))
        self.symbols = symbols
        self.aliases = Replacer(aliases, "alias")
        self.splits = Replacer(splits, "split")
        self.homophones = Homophones(vocabulary, strong, _shipped_words())
        self.clean = self._result([], DEFAULT_CONTEXT)

    @classmethod
    def build(cls, data: LexiconData) -> Engine:
        """Raises LexiconInvalid naming every bad row; an empty lexicon is refused."""
        require_valid(data)
        return cls(data)

    def scan(self, text: str, context: ScanContext = DEFAULT_CONTEXT) -> ScanResult:
        """Raises ScanFailed on anything unexpected: the caller must hold the message."""
        try:
            findings = self._findings(text, context)
            return self._result(findings, context) if findings else self.clean
        except Exception as error:
            raise ScanFailed(f"scan failed: {type(error).__name__}") from error

    def _findings(self, text: str, context: ScanContext) -> list[Finding]:
        canon = self.table.canonical(text)
        plain = self.squeezer.fast(canon)
        hits = self.matcher.hits(plain)
        layer = LazyLayer(plain, lambda: self._plain_layer(text))
        raws: list[Raw] = []
        if hits.terms or hits.rules:
            raws += self.matcher.evaluate(layer, hits, text, canon)
        if hits.folded or self._disguised(canon, plain):
            raws += self._restored(text)
        raws = _without_link_accidents(raws, text)
        raws += [Raw(*found) for found in structured(text, self.table, plain)]
        if all(raw.severity == 0 for raw in raws) and (worded := self.matcher.worded(layer)):
            raws.append(worded)
        return [_finding(raw, text, context) for raw in _unique(raws)] if raws else []

    def _plain_layer(self, text: str) -> Layer:
        return self.squeezer.slow(canonical_layer(text, self.table))

    def _disguised(self, canon: str, plain: str) -> bool:
        if self.homophones.suspects(plain) or decode.suspects(plain):
            return True
        # Without a squeezed character there was no symbol either.
        return len(canon) > len(plain) and not self.symbols.isdisjoint(canon)

    def _restored(self, text: str) -> list[Raw]:
        layer = self.aliases.apply(canonical_layer(text, self.table))
        layer = self.squeezer.slow(layer)
        layer = self.splits.apply(self.aliases.apply(layer))
        return self._read(self.homophones.apply(layer), text) + self._read(
            decode.apply(layer), text
        )

    def _read(self, layer: Layer, text: str) -> list[Raw]:
        """What a restored layer holds; its wording counts when no rule found anything."""
        if not any(layer.stage):
            return []
        found = self.matcher.evaluate(layer, self.matcher.hits(layer.text), text, layer.text)
        if not found and (worded := self.matcher.worded(layer)):
            found = [worded]
        return found

    def _result(self, findings: list[Finding], context: ScanContext) -> ScanResult:
        severity = max((f.severity for f in findings), default=None)
        return ScanResult(
            tuple(findings),
            severity,
            decide(severity, context),
            ENGINE_VERSION,
            self.data.version,
            self.digest,
        )


def _aliases(data: LexiconData) -> dict[str, str]:
    rows = sorted((alias_form(t.text), t.target) for t in data.terms if t.kind == "alias")
    return {form: target for form, target in rows if form and form != target}


def _useful_splits(strong: frozenset[str]) -> dict[str, str]:
    """Only components of characters of risky words: others would slow ordinary messages."""
    wanted = set("".join(strong))
    return {parts: whole for parts, whole in split_table().items() if whole in wanted}


def _neighbours(strong: frozenset[str]) -> frozenset[str]:
    return frozenset(word[i : i + 2] for word in strong for i in range(len(word) - 1))


def _vocabulary(builder: Builder) -> tuple[frozenset[str], frozenset[str]]:
    """(all words that typed pinyin may mean, words that a homophone may mean)."""
    strong = {w for w in builder.terms if _is_chinese(w)}
    acts = {w for words in load_words("acts.txt").values() for w in words}
    cues = {w for rule in load_rules() for cue in rule.cues for w in cue}
    classes = {w for words in load_classes().values() for w in words}
    every = {w for w in strong | acts | cues | classes if len(w) > 1 and _is_chinese(w)}
    return frozenset(every), frozenset(w for w in strong | acts if len(w) > 1)


def _shipped_words() -> frozenset[str]:
    files = ("acts.txt", "objects.txt")
    words = {w for name in files for group in load_words(name).values() for w in group}
    return frozenset(words | {t.text for t in starter_lexicon().terms if t.kind == "risk"})


def _is_chinese(word: str) -> bool:
    return _CHINESE.fullmatch(word) is not None


def _without_link_accidents(raws: list[Raw], text: str) -> list[Raw]:
    """Random letters of a link spell short words by chance; a longer one is meant."""
    if not raws or "http" not in text:
        return raws
    links = [found.span() for found in _LINK.finditer(text)]
    return [raw for raw in raws if not _is_accident(raw, links)]


def _is_accident(raw: Raw, links: list[tuple[int, int]]) -> bool:
    short = raw.end - raw.start <= _ACCIDENT
    return short and any(start <= raw.start and raw.end <= end for start, end in links)


def _unique(raws: list[Raw]) -> list[Raw]:
    """One finding per rule, the earliest, in a fixed order."""
    best: dict[str, Raw] = {}
    for raw in raws:
        held = best.get(raw.rule_id)
        if held is None or (raw.start, raw.end) < (held.start, held.end):
            best[raw.rule_id] = raw
    order = sorted(best.values(), key=lambda r: (r.start, r.end, r.rule_id))
    return order[:_MAX_FINDINGS]


def _finding(raw: Raw, text: str, context: ScanContext) -> Finding:
    severity = raw.severity if raw.severity is not None else CATEGORIES[raw.category][1]
    return Finding(
        raw.rule_id,
        raw.category,
        raised(severity, raw.category, context),
        raw.start,
        raw.end,
        text[raw.start : raw.end],
        raw.channel,
        raw.why,
    )


def scan_joined(
    engine: Engine, first: str, second: str, context: ScanContext = DEFAULT_CONTEXT
) -> ScanResult:
    """Scan two messages sent within two minutes as one, against words cut in two.

    Spans refer to first + second.
    """
    if not isinstance(first, str) or not isinstance(second, str):
        raise ScanFailed("scan failed: not a text")
    return engine.scan(first + second, context)
