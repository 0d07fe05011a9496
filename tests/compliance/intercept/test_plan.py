"""Which words the client enforces, and how little moves when the lexicon changes."""

from hypothesis import given
from hypothesis import strategies as st

from compliance.intercept.plan import (
    BLOCK,
    MAX_NAME,
    MAX_RULES,
    MAX_WORDS,
    OVER_LIMIT,
    WARN,
    Limits,
    kind_of_rule,
    plan,
    stem,
)
from compliance.lexicon import CATEGORIES, Term

CHARS, BYTES = Limits(), Limits(in_bytes=True)
CATEGORY = st.sampled_from(["abuse", "aml", "kickback"])
TERMS = st.lists(
    st.builds(Term, st.text("甲乙丙丁", min_size=1, max_size=4), CATEGORY, st.integers(0, 4)),
    max_size=40,
    unique_by=lambda term: term.text,
)


def many(count: int, category: str = "abuse", severity: int = 3) -> list[Term]:
    return [Term(f"词{severity}{n:05}", category, severity) for n in range(count)]


def test_severity_decides_between_blocking_and_warning() -> None:
    made = plan([Term("重", "aml", 4), Term("中", "aml", 3), Term("轻", "aml", 2)], {}, CHARS)
    assert {kind_of_rule(name): words for name, words in made.rules.items()} == {
        BLOCK: ["中", "重"],
        WARN: ["轻"],
    }
    assert made.rest == {}


def test_what_the_client_cannot_do_is_named_with_its_reason() -> None:
    terms = [
        Term("小事", "abuse", 1),
        Term("好话", "abuse", 3, "benign"),
        Term("别名", "abuse", 3, "alias", "", "本名"),
        Term("语法", "abuse", 3, "risk", "R1"),
        Term("长" * 33, "abuse", 3),
        Term("长" * 32, "abuse", 3),
    ]
    made = plan(terms, {}, CHARS)
    assert list(made.rules.values()) == [["长" * 32]]
    assert [why[:4] for why in made.rest.values()] == [
        "S0–S",
        "放行词，",
        "别名，由",
        "属于语法",
        "超过 3",
    ]


def test_the_length_may_count_bytes() -> None:
    made = plan([Term("长" * 10, "abuse", 3), Term("长" * 11, "abuse", 3)], {}, BYTES)
    assert list(made.rules.values()) == [["长" * 10]]
    assert made.rest == {("risk", "长" * 11): "超过 32 个字节"}


def test_a_word_of_an_allowed_phrase_is_never_blocked() -> None:
    made = plan([Term("保本", "aml", 4), Term("不保本", "aml", 4, "benign")], {}, CHARS)
    assert [kind_of_rule(name) for name in made.rules] == [WARN]


def test_more_words_than_a_rule_takes_make_two_rules() -> None:
    made = plan(many(301), {}, CHARS)
    assert [len(words) for words in made.rules.values()] == [300, 1]


def test_beyond_all_rules_the_least_grave_are_left_to_the_archive() -> None:
    made = plan([*many(100, "kickback", 2), *many(30_000)], {}, CHARS)
    assert len(made.rules) == MAX_RULES
    assert {word for words in made.rules.values() for word in words} == {
        term.text for term in many(30_000)
    }
    assert made.rest == {("risk", f"词2{n:05}"): OVER_LIMIT for n in range(100)}


def test_thirty_thousand_and_one_words_leave_one() -> None:
    made = plan(many(30_001), {}, CHARS)
    assert sum(map(len, made.rules.values())) == 30_000
    assert made.rest == {("risk", "词330000"): OVER_LIMIT}


def test_a_changed_word_touches_one_rule() -> None:
    before = plan(many(900), {}, CHARS).rules
    after = plan([Term("新词", "abuse", 3), *many(900)[1:]], before, CHARS).rules
    assert [name for name in before if before[name] != after[name]] == [
        name for name in before if "词300000" in before[name]
    ]
    assert before.keys() == after.keys()


def test_every_name_fits() -> None:
    names = [f"{stem(category, kind)}{MAX_RULES}" for category in CATEGORIES for kind in (1, 2)]
    assert max(map(len, names)) <= MAX_NAME
    assert len(set(names)) == len(names)


@given(TERMS, TERMS)
def test_every_word_has_one_place_and_a_plan_is_steady(
    first: list[Term], second: list[Term]
) -> None:
    held = plan(first, {}, CHARS, room=3).rules
    made = plan(second, held, CHARS, room=3)
    placed = [word for words in made.rules.values() for word in words]
    assert sorted([*placed, *(text for _, text in made.rest)]) == sorted(t.text for t in second)
    assert len(made.rules) <= 3
    assert all(0 < len(words) <= MAX_WORDS for words in made.rules.values())
    if OVER_LIMIT not in made.rest.values():
        assert plan(second, made.rules, CHARS, room=3) == made
