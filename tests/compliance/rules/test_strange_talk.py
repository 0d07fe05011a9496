"""Of talk that the wording model does not know it says little by itself."""

from __future__ import annotations

import random
from itertools import islice

import pytest

from compliance.lexicon import Engine
from compliance.rules.batch import STOP, units
from compliance.rules.examples import sentences
from compliance.rules.neighbours import weights
from compliance.rules.wording import STRANGE, scale


def strange_pairs(engine: Engine, sentence: str) -> int:
    text = f"{STOP}{sentence}{STOP}"
    return sum(text[i : i + 2] not in engine.wording.pairs for i in range(len(text) - 1))


@pytest.mark.parametrize(
    "sentence", ["摩托罗拉爬藤茄子", "螺蛳壳里做道场", "您好明天见", "保证收益六个点", "𠮷野家𡘙"]
)
def test_each_strange_pair_takes_the_same_from_a_finding_and_nothing_from_a_rule(engine, sentence):
    alone = engine.wording.scores(sentence)[0][0]
    beside = engine.wording.around(sentence, 0, 1)
    taken = -STRANGE / 100 * strange_pairs(engine, sentence) * scale(sentence)
    assert beside - alone == pytest.approx(taken)


def test_usual_talk_has_no_strange_pairs_and_unusual_talk_has_many(engine):
    assert strange_pairs(engine, "您好，明天见") == 0
    assert strange_pairs(engine, "摩托罗拉爬藤茄子") >= 4


def test_a_window_is_judged_by_the_words_inside_it_alone(engine):
    model, rng = engine.wording, random.Random(20240613)
    pieces = [text[:20] for _, text in islice(sentences("violations.txt"), 0, 20_000, 50)]
    for _ in range(100):
        text = "，".join(rng.choices(pieces, k=rng.randrange(1, 9)))
        pairs = weights(model.neighbours.of(units(f"{STOP}{text}{STOP}")))
        words = model.automaton.find_overlapping(text)
        for score, (start, end) in model.scores(text):
            inside = [model.long[i] for at, to, i in words if start <= at and to <= end]
            total = int(pairs[start : end + 1].sum()) + model.ending + sum(inside)
            by_hand = total * scale(text[start:end]) / 100 + model.bias
            assert score == pytest.approx(by_hand)
