"""The engine: build once per lexicon version, scan many messages; a failure is never clean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import add
from typing import NamedTuple

from compliance.lexicon import decode
from compliance.lexicon.chars import CharTable, alias_form
from compliance.lexicon.index import ALIAS, Builder
from compliance.lexicon.layers import Layer, LazyLayer, Squeezer, canonical_layer, unmoved
from compliance.lexicon.matching import Raw, evaluate, worded
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
from compliance.lexicon.sweep import Hits, Sweep
from compliance.lexicon.versions import ENGINE_VERSION
from compliance.rules.batch import Batch
from compliance.rules.grammar import load_classes, load_rules, load_words
from compliance.rules.neighbours import Cells
from compliance.rules.structured import numbers_in, structured
from compliance.rules.wording import load_wording

_TOGETHER = 256  # messages swept as one
_MAX_FINDINGS = 50
_LINK = re.compile(r"https?://[!-~]+")
_ACCIDENT = 6  # characters, the marks around the letters included
_DAYS = re.compile(r"(?<![a-z\d])[td]\+\d")  # T+1, the day of settlement: no plus for 加
_CHINESE = re.compile("[\u4e00-\u9fff]*")
DEFAULT_CONTEXT = ScanContext()


class Message(NamedTuple):
    """One message: as written, and its canonical text without the noise inside words."""

    text: str
    plain: str


class Look(NamedTuple):
    """What is worth a closer look in one message."""

    disguised: bool
    worded: bool
    numbered: bool


class Looks(NamedTuple):
    """The same for a batch: the numbers of the messages."""

    disguised: set[int]
    worded: set[int]
    numbered: set[int]

    def at(self, number: int) -> Look:
        return Look(*(number in members for members in self))


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
        self.sweep = Sweep(builder.finish(folds), _neighbours(strong))
        self.wording = load_wording()
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
            return self._scanned([text], [context])[0]
        except Exception as error:
            raise ScanFailed(f"scan failed: {type(error).__name__}") from error

    def scan_many(
        self, texts: Sequence[str], contexts: Sequence[ScanContext] = ()
    ) -> list[ScanResult | ScanFailed]:
        """What `scan` says of each text, at a fraction of its price; a failure stays with its text.

        `contexts`: one for each text, or none for all.
        """
        contexts = contexts or [DEFAULT_CONTEXT] * len(texts)
        found: list[ScanResult | ScanFailed] = []
        for at in range(0, len(texts), _TOGETHER):
            found += self._some(texts[at : at + _TOGETHER], contexts[at : at + _TOGETHER])
        return found

    def _some(
        self, texts: Sequence[str], contexts: Sequence[ScanContext]
    ) -> Sequence[ScanResult | ScanFailed]:
        try:
            return self._scanned(texts, contexts)
        except Exception:  # noqa: BLE001 -- one of them is to blame: each by itself tells which
            return [self._alone(*unit) for unit in zip(texts, contexts, strict=True)]

    def _alone(self, text: str, context: ScanContext) -> ScanResult | ScanFailed:
        try:
            return self.scan(text, context)
        except ScanFailed as error:
            return error

    def _scanned(self, texts: Sequence[str], contexts: Sequence[ScanContext]) -> list[ScanResult]:
        canons = [self.table.canonical(text) for text in texts]
        batch = Batch([self.squeezer.fast(canon) for canon in canons])
        hits = self.sweep.over(batch, canons)
        cells = self.wording.neighbours.of(batch.units)
        looks = Looks(
            self._disguised(batch, canons, cells, hits),
            set(map(batch.text_at, self.wording.candidates(batch, cells))),
            set(map(batch.text_at, numbers_in(batch.joined))),
        )
        results = [self.clean] * len(texts)
        told = {number for number, held in hits.items() if held.terms or held.rules}
        for number in sorted(told.union(*looks)):
            message = Message(texts[number], batch.texts[number])
            raws = self._raws(message, hits.get(number) or Hits(), looks.at(number))
            if raws:
                context = contexts[number]
                findings = [_finding(raw, message.text, context) for raw in _unique(raws)]
                results[number] = self._result(findings, context)
        return results

    def _raws(self, message: Message, hits: Hits, look: Look) -> list[Raw]:
        layer = LazyLayer(message.plain, lambda: self._plain_layer(message))
        raws = evaluate(layer, hits, message.text)
        if look.disguised:
            raws += self._restored(message.text)
        raws = _without_link_accidents(raws, message.text)
        if look.numbered:
            raws += [Raw(*found) for found in structured(message.text, self.table, message.plain)]
        if look.worded and all(raw.severity == 0 for raw in raws):
            raws += worded(layer, message.text)
        return raws

    def _plain_layer(self, message: Message) -> Layer:
        if len(message.text) == len(message.plain):  # nothing is ever added, so nothing was lost
            return unmoved(message.plain)
        return self.squeezer.slow(canonical_layer(message.text, self.table))

    def _disguised(
        self, batch: Batch, canons: Sequence[str], cells: Cells, hits: dict[int, Hits]
    ) -> set[int]:
        """The texts that may say more once they are restored."""
        found = {number for number, held in hits.items() if held.folded}
        for place in decode.odd(batch.units, cells).tolist():
            number = batch.text_at(place)
            # A listed word is odd only because people seldom write it.
            if number not in hits or not hits[number].cover(place - batch.bases[number]):
                found.add(number)
        found |= self.homophones.suspects(batch)
        for number, (canon, plain) in enumerate(zip(canons, batch.texts, strict=True)):
            # Without a squeezed character there was no symbol either.
            if len(canon) > len(plain) and self._symbolic(canon):
                found.add(number)
        return found

    def _symbolic(self, canon: str) -> bool:
        lacks = self.symbols.isdisjoint
        return not lacks(canon) and not lacks(_DAYS.sub("", canon))

    def _restored(self, text: str) -> list[Raw]:
        layer = self.aliases.apply(canonical_layer(text, self.table))
        layer = self.squeezer.slow(layer)
        layer = self.splits.apply(self.aliases.apply(layer))
        heard, decoded = self.homophones.apply(layer), decode.apply(layer)
        layers = [heard] if heard is decoded else [heard, decoded]
        return self._read([one for one in layers if any(one.stage)], text)

    def _read(self, layers: list[Layer], text: str) -> list[Raw]:
        """What restored layers hold; the wording of one counts when no rule found anything."""
        if not layers:
            return []
        hits = self.sweep.over(Batch([layer.text for layer in layers]))
        found: list[Raw] = []
        for number, layer in enumerate(layers):
            found += evaluate(layer, hits.get(number) or Hits(), text) or worded(layer, text)
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
    return frozenset().union(*(map(add, word, word[1:]) for word in strong))


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
    """One finding per rule, the gravest and of these the earliest, told in their order: neither a
    warning ahead of the same word nor a flood of small findings hides a grave one."""
    best: dict[str, Raw] = {}
    for raw in sorted(raws, key=lambda r: (-_severity(r), r.start, r.end)):
        best.setdefault(raw.rule_id, raw)
    gravest = list(best.values())[:_MAX_FINDINGS]
    return sorted(gravest, key=lambda r: (r.start, r.end, r.rule_id))


def _severity(raw: Raw) -> int:
    return raw.severity if raw.severity is not None else CATEGORIES[raw.category][1]


def _finding(raw: Raw, text: str, context: ScanContext) -> Finding:
    return Finding(
        raw.rule_id,
        raw.category,
        raised(_severity(raw), raw.category, context),
        raw.start,
        raw.end,
        text[raw.start : raw.end],
        raw.channel,
        raw.why,
    )
