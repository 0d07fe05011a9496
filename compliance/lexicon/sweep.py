"""One pass of the automaton over a batch of messages: what stands in which message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from compliance.lexicon.index import ALIAS, Hit, Index, Word
from compliance.rules.batch import STOP, Batch
from compliance.rules.grammar import Rule

_COMPONENTS = frozenset("亻氵扌讠钅忄纟宀辶阝刂彳礻衤犭饣艹灬冫疒丷丨丿山石马木口女土王禾火贝力米")
Span = tuple[int, int]


@dataclass(slots=True)
class Hits:
    """What stands in one message; a sentence is told by where it begins and ends."""

    terms: list[Hit] = field(default_factory=list)
    benign: list[Span] = field(default_factory=list)
    rules: list[tuple[Rule, int, int]] = field(default_factory=list)
    folded: bool = False  # an alias or the components of a character that fits its neighbours

    def cover(self, place: int) -> bool:
        """Whether a place lies in a listed word."""
        listed = chain(((start, end) for start, end, _ in self.terms), self.benign)
        return any(start <= place < end for start, end in listed)


class Sweep:
    def __init__(self, index: Index, beside: frozenset[str]) -> None:
        """`beside`: the pairs of characters that stand together in risky words."""
        self.index = index
        self.beside = beside

    def over(self, batch: Batch, canons: Sequence[str] = ()) -> dict[int, Hits]:
        """Number of a text -> its hits; texts without any are left out.

        `canons`: each text with its noise, when it is what the writer wrote. A neutral word that
        stands there in one piece was not disguised and is no hit.
        """
        hits: dict[int, Hits] = {}
        long: list[tuple[int, int]] = []
        rules: set[tuple[int, int]] = set()
        words = self.index.words
        for start, end, number in self.index.automaton.find_overlapping(batch.joined):
            word = words[number]
            if word.term or word.benign or word.spells:
                self._take(batch, (start, end), word, hits, canons)
            if word.row:
                long.append((start, word.row))
            if word.rare:
                sentence = batch.sentence_at(start)
                rules.update([(sentence, rule) for rule in word.rare])
        rules.update(self.index.cues.complete(batch, long))
        if rules:
            self._rules(batch, sorted(rules), hits)
        return hits

    def _take(
        self,
        batch: Batch,
        span: Span,
        word: Word,
        hits: dict[int, Hits],
        canons: Sequence[str],
    ) -> None:
        number = batch.text_at(span[0])
        text = batch.texts[number]
        if canons and word.neutral and _whole(word.text, text, canons[number]):
            return
        start, end = span[0] - batch.bases[number], span[1] - batch.bases[number]
        held = hits.get(number) or hits.setdefault(number, Hits())
        if word.term:
            held.terms.append((start, end, word.term))
        if word.benign:
            held.benign.append((start, end))
        if word.spells and not held.folded:
            held.folded = self._folds(text, start, end, word.spells)

    def _rules(self, batch: Batch, rules: Iterable[tuple[int, int]], hits: dict[int, Hits]) -> None:
        cues = self.index.cues
        for sentence, rule in rules:
            start, end = batch.bounds[sentence] + 1, batch.bounds[sentence + 1]
            if rule not in cues.rest or cues.stand(rule, batch.joined[start:end]):
                number = batch.text_at(start)
                base = batch.bases[number]
                held = hits.setdefault(number, Hits())
                held.rules.append((cues.rules[rule], start - base, end - base))

    def _folds(self, text: str, start: int, end: int, whole: str) -> bool:
        """人到 may spell 倒, but only beside a character that 倒 goes with or another component."""
        if whole == ALIAS:
            return True
        left, right = (
            side.strip(STOP) for side in (text[max(0, start - 1) : start], text[end : end + 1])
        )
        if left + whole in self.beside or whole + right in self.beside:
            return True
        return any(not "\u4e00" <= ch <= "\u9fa5" or ch in _COMPONENTS for ch in left + right if ch)


def _whole(word: str, text: str, canon: str) -> bool:
    """Whether a word stands in one piece wherever it stands."""
    return len(text) == len(canon) or canon.count(word) >= text.count(word)
