"""Precision of words and rules: what was decided in 90 days, and where each figure leads."""

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compliance.models import Alert, LexiconVersion
from compliance.selectors import precision
from scrm.accounts.models import User
from tests.factories.cast import Cast

WORD = "LEX-off_book_sale-飞单"
State = Alert.State


def decided(user: User, state: str, days: int = 1, rule: str = WORD) -> Alert:
    at = timezone.now() - datetime.timedelta(days=days)
    return Alert.objects.create(
        user=user, branch=user.branch, title="命中词", rule_id=rule, category="off_book_sale",
        severity=2, state=state, decided_at=at, raised_at=at, due_at=at,
    )  # fmt: skip


@pytest.fixture
def judged(cast: Cast) -> None:
    decided(cast.alice, State.CONFIRMED)
    decided(cast.alice, State.CONFIRMED, days=89)
    decided(cast.amy, State.DISMISSED)
    decided(cast.amy, State.DISMISSED, days=91)  # too old
    decided(cast.bob, State.DISMISSED)  # of another branch
    decided(cast.alice, State.NEW)
    decided(cast.alice, State.DISMISSED, rule="OBS-03")


def test_a_word_counts_what_was_decided_in_ones_branches(cast: Cast, judged: None) -> None:
    term = LexiconVersion.objects.get().terms.get(text="飞单", kind="risk")
    mine = precision.of_terms(cast.officer, [term])[term.pk]
    assert (mine.confirmed, mine.dismissed, mine.percent, mine.poor) == (2, 1, 67, False)
    whole = precision.of_terms(cast.officer_head, [term])[term.pk]
    assert (whole.confirmed, whole.dismissed) == (2, 2)
    rules = {row["rule"]: row["precision"] for row in precision.by_rule(cast.officer)}
    assert (rules[WORD].decided, rules["OBS-03"].percent) == (3, 0)
    assert precision.by_category(cast.officer)["off_book_sale"].decided == 4


def test_each_figure_leads_to_its_rows(cast: Cast, judged: None, client: Client) -> None:
    client.force_login(cast.officer)
    for page, args in (("lexicons", []), ("lexicon", [LexiconVersion.objects.get().pk])):
        html = client.get(reverse(f"compliance:{page}", args=args), {"category": "off_book_sale"})
        assert "67%" in html.content.decode(), page
    mine: Any = {row["rule"]: row["precision"] for row in precision.by_rule(cast.officer)}[WORD]
    for query, count in ((mine.to_confirmed, 2), (mine.to_dismissed, 1)):
        page = client.get(reverse("compliance:alerts") + "?" + query)
        assert page.context["page"].paginator.count == count


def test_each_page_names_the_days_it_counts(
    cast: Cast, judged: None, sign_in: Callable[[User], Client]
) -> None:
    """The board counts 30 days and the lexicon 90: two figures must not go by one name."""
    browser = sign_in(cast.officer)
    for page, days in (("board", 30), ("lexicons", 90)):
        html = browser.get(reverse(f"compliance:{page}")).content.decode()
        heads = re.findall(r"<th[^>]*>([^<]*率)</th>", html)
        assert heads and set(heads) == {f"{days} 天精确率"}, page
