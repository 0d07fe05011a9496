"""Recall and false positives on own sentences; the thresholds only ever go up."""

from __future__ import annotations

import json

import pytest

from compliance.lexicon import CATEGORIES, Engine, ScanContext
from compliance.rules.evaluate import flag_rows, main, summary, wilson
from tests.compliance.rules import everyday_messages
from tests.compliance.rules.ordinary_messages import messages
from tests.compliance.rules.samples import FIXTURES, sections, variants


def flagged(engine: Engine, text: str) -> bool:
    return (engine.scan(text).severity or 0) >= 1


def share(engine: Engine, pairs: list[tuple[str, str]]) -> float:
    return sum(flagged(engine, text) for _, text in pairs) / len(pairs)


@pytest.mark.parametrize(
    ("name", "least"),
    [("violations.txt", 0.97), ("second_violations.txt", 0.95), ("mixed_violations.txt", 0.95)],
)
def test_violations_are_found(engine, name, least):
    assert share(engine, sections(name)) >= least


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("negatives.txt", 0.02),
        ("second_negatives.txt", 0.03),
        ("mixed_negatives.txt", 0.04),
        ("ordinary.txt", 0),
    ],
)
def test_harmless_sentences_pass(engine, name, most):
    assert share(engine, sections(name)) <= most


def test_disguised_violations_are_found(engine):
    assert share(engine, variants("violations_hard.txt")) >= 0.95


def test_every_category_has_samples_on_both_sides():
    for name in ("violations.txt", "negatives.txt"):
        assert {category for category, _ in sections(name)} == set(CATEGORIES)


def test_category_is_named_right(engine):
    hits = [
        category in {f.category for f in engine.scan(text).findings}
        for category, text in sections("violations.txt")
        if flagged(engine, text)
    ]
    assert sum(hits) / len(hits) >= 0.95


def test_generated_ordinary_traffic_stays_quiet(engine):
    texts = list(messages(3000, seed=11))
    assert sum(flagged(engine, text) for text in texts) / len(texts) <= 0.003


def everyday_share(engine: Engine, count: int, seed: int) -> float:
    return sum(flagged(engine, text) for text in everyday_messages.messages(count, seed)) / count


EVERYDAY_MOST = 0.003


def test_unseen_everyday_traffic_stays_quiet(engine):
    assert everyday_share(engine, 20_000, seed=5) <= EVERYDAY_MOST


@pytest.mark.chaos
def test_a_hundred_thousand_everyday_messages_stay_quiet(engine):
    assert everyday_share(engine, 100_000, seed=6) <= EVERYDAY_MOST


def test_final_set_keeps_its_figures(engine):
    """Written after all rules and never used to change one: at first sight 91.7 % found, 7.3 % of
    the hard negatives and no ordinary message wrong."""
    lines = (FIXTURES / "final.jsonl").read_text(encoding="utf-8").splitlines()
    figures = summary(flag_rows(engine, [json.loads(line) for line in lines]))
    assert figures["recall"] >= 0.88 and figures["fp_hard"] <= 0.08
    assert figures["fp_ordinary"] == 0


@pytest.mark.parametrize(("category", "text"), sections("violations.txt")[::9])
def test_customer_is_never_blocked(engine, category, text):
    result = engine.scan(text, ScanContext(speaker="customer"))
    assert result.action in {"pass", "observe"}


def test_wilson_interval_known_value():
    low, high = wilson(87, 100)
    assert round(low, 3) == 0.790 and round(high, 3) == 0.922
    assert wilson(0, 0) == (0.0, 1.0)


def test_evaluate_prints_one_json_line(tmp_path, capsys):
    rows = [
        {"text": "这款保本保息", "label": "violation", "category": "guarantee_return"},
        {"text": "您好", "label": "clean", "category": "none"},
        {"text": "我们不承诺保本", "label": "clean", "category": "hn_guarantee_return"},
    ]
    path = tmp_path / "rows.jsonl"
    lines = [json.dumps(dict(r, variant="plain"), ensure_ascii=False) for r in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert main([str(path)]) == 0
    last = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert last["recall"] == 1.0 and last["fp_clean"] == 0.0
    assert set(last) == set(summary([]))
    assert main([]) == 2
