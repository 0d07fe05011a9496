"""What leaves hash, made by the short ways of bulk work, against the general ones."""

import datetime
from hashlib import new, sha256
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from compliance.archive.log import canonical, leaves, merkle
from compliance.archive.verify.reading import moment
from compliance.models.content import Content
from scrm.core.crypto import DecryptionFailed

# Lone surrogates too: what a vendor sends is kept as it came.
TEXTS = st.text(st.characters(exclude_categories=[]))
NUMBERS = st.integers(0, 2**63 - 1)
KEYS = st.none() | NUMBERS
TIMES = st.datetimes(
    datetime.datetime(1, 1, 2), datetime.datetime(9999, 12, 30), timezones=st.just(datetime.UTC)
)
FACTS = st.fixed_dictionaries(
    dict.fromkeys(("action", "conversation", "corp", "envelope", "error", "msgid"), TEXTS)
    | dict.fromkeys(("msgtype", "recalls", "room_id", "sender"), TEXTS)
    | {name: TIMES.map(canonical.moment) for name in ("received_at", "sent_at")}
    | dict.fromkeys(("contact", "customer", "user"), KEYS)
    | {"from_staff": st.booleans(), "seq": NUMBERS}
    | {"receivers": st.lists(TEXTS, max_size=3)}
)


@given(FACTS)
def test_facts_of_a_message_are_canonical_json(facts: dict[str, Any]) -> None:
    receivers = canonical.canonical(facts["receivers"])
    named = leaves.MessageFacts(**{**facts, "receivers": receivers})
    assert leaves.message_json(named) == canonical.canonical(facts)
    assert leaves.message_json(tuple(named)) == canonical.canonical(facts)


@given(
    TEXTS, TEXTS, TEXTS, NUMBERS, TIMES, KEYS, st.none() | st.dictionaries(TEXTS, TEXTS, max_size=3)
)
def test_facts_of_a_scan_are_canonical_json(
    digest: str,
    engine: str,
    lexicon: str,
    message: int,
    at: datetime.datetime,
    severity: int | None,
    known: dict[str, str] | None,
) -> None:
    facts = {
        "digest": digest,
        "engine": engine,
        "findings": [],
        "lexicon": lexicon,
        "message": message,
        "scanned_at": canonical.moment(at),
        "severity": severity,
    } | ({} if known is None else {"given": known})
    told = None if known is None else canonical.canonical(known)
    given_facts = (digest, engine, "[]", lexicon, message, canonical.moment(at), severity, told)
    assert leaves.scan_json(given_facts) == canonical.canonical(facts)
    assert leaves.scan_json(leaves.ScanFacts(*given_facts)) == canonical.canonical(facts)


@given(st.lists(st.tuples(TIMES.map(canonical.moment), TEXTS, TEXTS), max_size=5), st.booleans())
def test_hashes_of_many_leaves_are_those_of_each(
    rows: list[tuple[str, str, str]], alike: bool
) -> None:
    """In hex and as bytes, whether or not both hashes cover the same."""
    given_rows = [(at, (one, one if alike else other)) for at, one, other in rows]
    expected = [
        tuple(
            algorithm.leaf(canonical.encoded(f'{{"at":"{at}",{tail}'))
            for algorithm, tail in zip(merkle.ALGORITHMS, tails, strict=True)
        )
        for at, tails in given_rows
    ]
    assert leaves.leaf_hashes(given_rows) == expected
    assert leaves.leaf_digests(given_rows) == [b"".join(pair).hex() for pair in expected]


@given(st.binary(max_size=200), st.lists(st.binary(max_size=100), max_size=5), st.booleans())
def test_digests_of_many_are_those_of_each(start: bytes, rows: list[bytes], alike: bool) -> None:
    """Also of rows that begin alike, one the beginning of another, and of equal ones."""
    if alike:
        rows = [start, *(start + row for row in rows), start]
    expected = [(sha256(row).hexdigest(), new("sm3", row).hexdigest()) for row in rows]
    assert leaves.digests(rows) == expected


@given(st.binary(max_size=16), TEXTS, TEXTS)
def test_content_is_canonical_json_and_is_taken_apart_again(
    salt: bytes, body: str, text: str
) -> None:
    said = canonical.canonical({"body": body, "text": text})
    content = Content.of(body, text)
    assert content == said
    assert leaves.content_bytes(salt, content) == salt + canonical.encoded(said)
    assert (content.body, content.text) == (Content(said).body, Content(said).text) == (body, text)


def test_every_character_is_escaped_as_canonical_json_has_it() -> None:
    for chars in ("".join(map(chr, range(32))), "".join(map(chr, range(32, 0x110000)))):
        assert Content.of(chars, "") == canonical.canonical({"body": chars, "text": ""})
        assert Content(Content.of("", chars)).text == chars


def test_what_is_no_content_says_so() -> None:
    assert (Content("").body, Content("").text) == ("", "")
    for sealed in ("{", "您好", "[]", "1", '{"body":"x"}'):
        with pytest.raises(DecryptionFailed):
            assert Content(sealed).text


@pytest.mark.django_db
@given(st.lists(TIMES, min_size=1, max_size=20))
def test_times_as_text_are_moments(times: list[datetime.datetime]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT at::text FROM unnest(%s::timestamptz[]) AS at", [times])
        told = [row[0] for row in cursor.fetchall()]
    assert [moment(text) for text in told] == [canonical.moment(at) for at in times]


def test_a_time_that_no_leaf_can_have_stays_as_it_is() -> None:
    for text in ("infinity", "-infinity", "0044-03-15 00:00:00+00 BC", "2026-01-02 03:04:05+08"):
        assert moment(text) == text
