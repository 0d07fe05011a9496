"""Searching what is encrypted: everything there is found, nothing else, and no secret."""

import datetime
import random
import unicodedata

import pytest
from django.db import connection
from django.utils import timezone

from compliance.archive import terms
from compliance.models import ArchivedMessage, MessageIndex
from compliance.selectors import newest
from compliance.selectors.search import Query, excerpt, parse, search
from scrm.audit.models import AuditEvent
from scrm.core.errors import BusinessError
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import RISKY, Chat

# How often a word stands in a message.
SHARES = {"基金": 0.7, "国债": 0.2, "保险": 0.05, "黄金": 0.0}


def _texts(cast: Cast, words: str, **facets: object) -> set[str]:
    return {m.text for m in search(cast.officer, Query(words=words, **facets))}  # type: ignore[arg-type]


@pytest.fixture
def talk(cast: Cast, chat: Chat) -> Chat:
    to = befriend(cast.wang).external_userid
    for text in (
        "这款基金保本吗",
        "国债和基金都可以看看",
        "ＡＢＣ计划 Fund Plan",
        "下周三见",
        RISKY,
    ):
        chat.say("alice", to, text)
    chat.say(to, "alice", "基金净值多少")
    chat.say("bob", befriend(cast.li).external_userid, "基金在上海")
    chat.archive()
    return chat


def test_all_words_phrases_and_exclusions(cast: Cast, talk: Chat) -> None:
    assert _texts(cast, "基金") == {"这款基金保本吗", "国债和基金都可以看看", "基金净值多少"}
    assert _texts(cast, "基金 国债") == {"国债和基金都可以看看"}
    assert _texts(cast, "基金 -国债") == {"这款基金保本吗", "基金净值多少"}
    assert _texts(cast, "“fund plan”") == {"ＡＢＣ计划 Fund Plan"}
    assert _texts(cast, '"plan fund"') == set()
    assert _texts(cast, "abc计划") == {"ＡＢＣ计划 Fund Plan"}
    # Every pair of the word is there, the word is not: only decryption can tell.
    assert _texts(cast, "金都基金") == set()


def test_the_short_way_to_the_searchable_form_hides_the_same() -> None:
    rng = random.Random(20240611)
    parts = [
        "密码是",
        "验证码",
        " ",
        "1",
        "2a",
        "-",
        "９",
        "①",
        "㎏",
        "abc",
        "!",
        "！",
        "ｅ",
        "\u0301",
        "您好",
        "cvv",
        "。",
        "٣",
    ]
    texts = ["".join(rng.choices(parts, k=rng.randrange(1, 9))) for _ in range(5000)]
    for text in texts:
        assert terms.searchable(text) == terms.normal(terms.redacted(text)), text
        assert terms._folded(text) == unicodedata.normalize("NFKC", text), text
    one_by_one = [terms.searchable(text) for text in texts]
    assert terms.searchable_all(texts) == one_by_one
    # A text that holds the mark between texts tears none of the others.
    assert terms.searchable_all([*texts, "甲\x00乙"]) == [*one_by_one, terms.searchable("甲\x00乙")]


def test_a_batch_gets_the_tokens_of_each_text() -> None:
    rng = random.Random(20240612)
    texts = [
        "".join(rng.choices("甲乙丙a1🙂 ▮\ud800，。.", k=rng.randrange(9))) for _ in range(3000)
    ]
    texts = [terms.searchable(text) for text in texts] + ["", terms.HIDDEN]
    for many in (texts, texts[:1], [""], []):
        found = [numbers.tolist() for numbers in terms.tokens_of_many(many)]
        assert found == [sorted(terms.tokens(text)) for text in many]


def test_facets_narrow(cast: Cast, talk: Chat) -> None:
    assert _texts(cast, "基金", direction="in") == {"基金净值多少"}
    assert _texts(cast, "保本", hits="yes") >= {RISKY}
    assert RISKY not in _texts(cast, "保本", hits="no")
    assert _texts(cast, "基金", customer="C00000002") == set()
    assert _texts(cast, "基金", staff="陈静怡", msgtype="text")


def test_other_branches_stay_hidden(cast: Cast, talk: Chat) -> None:
    assert "基金在上海" not in _texts(cast, "基金")
    both = {m.text for m in search(cast.officer_head, Query(words="基金"))}
    assert both > {"基金在上海"}
    shanghai = {m.text for m in search(cast.officer_shanghai, Query(words="基金"))}
    assert shanghai == {"基金在上海"}


def test_what_cannot_be_looked_up_is_said(cast: Cast) -> None:
    for words in ("金", "-国债", "金 -国债"):
        with pytest.raises(BusinessError, match="两个字"):
            parse(words)


SECRETS = {
    "验证码是 482913": "482913",
    "您把４８２９１３这个验证码发我": "４８２９１３",
    "482913": "482913",
    "卡背面后三位 317": "317",
    "CVV：317": "317",
    "网银密码是abc12345": "abc12345",
    "密码 135790": "135790",
}


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_are_neither_indexed_nor_shown_in_results(text: str) -> None:
    secret = SECRETS[text]
    assert secret not in terms.redacted(text)
    assert len(terms.redacted(text)) == len(text)
    assert terms.normal(secret) not in terms.searchable(text)
    assert secret not in excerpt(text, "")


def test_ordinary_numbers_stay_searchable() -> None:
    for text in ("年化 3.25，期限 180 天", "2024 年 6 月 7 日 9 点", "产品代码 100234 已上架"):
        assert terms.redacted(text) == text


def test_random_words_are_always_found(cast: Cast, chat: Chat) -> None:
    """Recall of the blind index is whole: each substring of each message finds it."""
    rng = random.Random(7)
    to, alphabet = befriend(cast.wang).external_userid, "甲乙丙丁ABc１２🙂 。"
    texts = ["".join(rng.choices(alphabet, k=12)) for _ in range(60)]
    for text in texts:
        chat.say("alice", to, text)
    chat.archive()
    for text in texts:
        start = rng.randrange(0, 8)
        piece = terms.normal(text)[start : start + 4].strip()
        if not terms.tokens(piece) or '"' in piece or "-" in piece:
            continue
        assert text in _texts(cast, f'"{piece}"'), (text, piece)


def test_the_index_holds_no_text_and_goes_with_its_key(cast: Cast, talk: Chat, settings) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM compliance_messageindex t")
        dump = "".join(row[0] for row in cursor.fetchall())
    assert "基金" not in dump
    settings.INDEX_KEY = "another index key than before"
    assert _texts(cast, "基金") == set()


def test_each_search_is_on_record_with_masked_words(cast: Cast, talk: Chat, sign_in) -> None:
    client = sign_in(cast.officer)
    page = client.post("/compliance/archive/", {"words": "基金 13812345678"})
    assert page.status_code == 200
    event = AuditEvent.objects.get(action="archive.search")
    assert event.after["words"] == "基金 138****5678"
    assert "两个字" in client.post("/compliance/archive/", {"words": "金"}).content.decode()


def test_each_message_is_indexed_once(cast: Cast, talk: Chat) -> None:
    talk.archive()
    assert MessageIndex.objects.count() == ArchivedMessage.objects.count() == 7


@pytest.mark.parametrize(("sample", "farthest"), [(3, 1000), (3, 0), (12, 30), (500, 1000)])
def test_both_ways_to_the_newest_give_the_same(
    cast: Cast, chat: Chat, monkeypatch: pytest.MonkeyPatch, sample: int, farthest: int
) -> None:
    """Back in time or by the inverted index, for words from every message to none."""
    monkeypatch.setattr(newest, "_SAMPLE", sample)
    monkeypatch.setattr(newest, "_FARTHEST", farthest)
    rng, to = random.Random(7), befriend(cast.wang).external_userid
    start = timezone.now() - datetime.timedelta(days=1)
    for n in range(40):
        words = [w for w, share in SHARES.items() if rng.random() < share]
        at = start + datetime.timedelta(minutes=rng.randrange(20))
        chat.say(*rng.sample(["alice", to], 2), " ".join(["您好", *words]), at=at, msgid=f"{n}_x")
    chat.archive()
    entries = MessageIndex.objects.all()
    for rows in (entries, entries.filter(from_staff=True)):
        for word in ("您好", *SHARES):
            tokens = parse(word).tokens()
            plain = rows.filter(tokens__contains=tokens).order_by("-sent_at", "-message_id")
            keys = list(plain.values_list("pk", flat=True))
            for most in (1, 5, 100):
                found = newest.newest(rows, tokens, most, period=entries)
                assert found == keys[:most], (word, most)
    with connection.cursor() as cursor:
        for name in ("bitmapscan", "seqscan", "indexscan", "indexonlyscan"):
            cursor.execute(f"SHOW enable_{name}")
            assert cursor.fetchone()[0] == "on"
