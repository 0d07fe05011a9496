"""Compliance keeps the aliases: a page, four eyes, a preview, and the scan reads them."""

import pytest
from django.test import Client
from django.urls import reverse

from compliance import lexicons
from compliance.lexicons import lexicon_activate
from compliance.models import LexiconRun, LexiconVersion
from compliance.scanning import scan_text
from tests.factories.cast import Cast

URL = reverse("compliance:aliases")


@pytest.fixture
def officer(cast: Cast, client: Client) -> Client:
    client.force_login(cast.officer)
    return client


def in_force(version: LexiconVersion, cast: Cast) -> None:
    lexicon_activate(version=version, actor=cast.officer_head)
    lexicons.forget()


def test_an_alias_is_drafted_previewed_and_read_once_in_force(cast: Cast, officer: Client) -> None:
    said = "最近有个🦊项目"
    assert scan_text(said).severity is None
    page = officer.post(URL, {"note": "新暗语", "text": "🦊,表情符号,飞单"}, follow=True)
    draft = LexiconVersion.objects.get(state="draft")
    assert "🦊 → 飞单" in page.content.decode() and "表情符号" in page.content.decode()
    assert draft.runs.filter(kind=LexiconRun.Kind.PREVIEW).exists()
    in_force(draft, cast)
    assert scan_text(said).severity == 4


def test_a_shipped_alias_can_be_taken_out(cast: Cast, officer: Client) -> None:
    assert scan_text("加我💚").severity
    officer.post(URL, {"note": "误报多", "text": "", "removed": ["💚"]})
    in_force(LexiconVersion.objects.get(state="draft"), cast)
    assert scan_text("加我💚").severity is None


def test_every_bad_row_is_named_and_nothing_is_drafted(cast: Cast, officer: Client) -> None:
    rows = "🦊,表情符号,飞单\n的,行话俗称,飞单\nfd,怪,返点\n只有一列"
    page = officer.post(URL, {"note": "新暗语", "text": rows}).content.decode()
    assert all(f"第{line}行" in page for line in (2, 3, 4)) and "第1行" not in page
    assert officer.post(URL, {"note": "空", "text": ""}).context["bad_rows"]
    assert not LexiconVersion.objects.filter(state="draft").exists()


def test_the_list_is_searched_by_alias_and_by_word(cast: Cast, officer: Client) -> None:
    found = officer.get(URL, {"q": "微信"}).context["page"].object_list
    assert {term.target for term in found} == {"微信"}
    assert [t.text for t in officer.get(URL, {"q": "绿泡"}).context["page"]] == ["绿泡泡"]
    only = officer.get(URL, {"sort": "abbreviation"}).context["page"]
    assert only and {term.category for term in only} == {"abbreviation"}
    assert "没有这样的别名" in officer.get(URL, {"q": "查无此词"}).content.decode()


def test_only_an_officer_may(cast: Cast, client: Client) -> None:
    for person in (cast.alice, cast.admin, cast.hq, cast.auditor):
        client.force_login(person)
        assert client.post(URL, {"note": "x", "text": "🦊,emoji,飞单"}).status_code == 403
