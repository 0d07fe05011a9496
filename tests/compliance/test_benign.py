"""A false positive becomes a benign phrase by two people, through the lexicon's own four eyes."""

import pytest
from django.urls import reverse

from compliance import benign, lexicons
from compliance.models import Alert, BenignProposal, LexiconVersion
from compliance.scanning import scan_text
from scrm.core.errors import BusinessError, FourEyes
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import RISKY, Chat
from tests.factories.compliance import alert as make_alert


@pytest.fixture
def alert(cast: Cast, chat: Chat) -> Alert:
    return make_alert(chat, cast.alice, befriend(cast.wang), 2)


def _phrase(alert: Alert) -> str:
    """The longest hit with one character more on the side where there is one."""
    hit = max(alert.findings, key=lambda f: f["end"] - f["start"])
    return alert.text[max(0, hit["start"] - 2) : hit["end"] + 2]


@pytest.mark.parametrize("phrase", ["保", "根本没有这句话", "您放心", "长" * 41])
def test_a_phrase_must_wrap_the_hit(alert: Alert, cast: Cast, phrase: str) -> None:
    with pytest.raises(BusinessError):
        benign.benign_propose(alert=alert, phrase=phrase, note="误报", actor=cast.officer)


def test_the_hit_itself_is_no_phrase(alert: Alert, cast: Cast) -> None:
    hit = max(alert.findings, key=lambda f: f["end"] - f["start"])["excerpt"]
    with pytest.raises(BusinessError, match="包在里面"):
        benign.benign_propose(alert=alert, phrase=hit, note="误报", actor=cast.officer)


def test_two_people_make_it_a_lexicon_version(alert: Alert, cast: Cast) -> None:
    phrase = _phrase(alert)
    row = benign.benign_propose(alert=alert, phrase=phrase, note="产品原文", actor=cast.officer)
    assert alert.text[row.start : row.end] == phrase
    with pytest.raises(BusinessError, match="已经有人"):
        benign.benign_propose(alert=alert, phrase=phrase, note="x", actor=cast.officer_head)
    with pytest.raises(FourEyes):
        benign.benign_accept(proposal=row, actor=cast.officer)
    draft = benign.benign_accept(proposal=row, actor=cast.officer_head)
    assert draft.terms.filter(text=phrase, kind="benign").exists()
    assert draft.state == "draft"
    assert scan_text(RISKY).severity  # nothing is in force yet
    with pytest.raises(FourEyes):
        lexicons.lexicon_activate(version=draft, actor=cast.officer)
    lexicons.lexicon_activate(version=draft, actor=cast.officer_head)
    row.refresh_from_db()
    assert (row.state, row.version, row.decided_by) == ("accepted", draft, cast.officer_head)
    with pytest.raises(BusinessError):
        benign.benign_reject(proposal=row, reason="反悔", actor=cast.officer_head)


def test_the_officer_proposes_while_dismissing(alert: Alert, cast: Cast, sign_in) -> None:
    first, second = sign_in(cast.officer), sign_in(cast.officer_head)
    url = reverse("compliance:alert_decide", args=[alert.pk])
    bad = {"decision": "dismiss", "reason": "误报", "benign": "没有这句话"}
    assert "原样出现" in first.post(url, bad, follow=True).content.decode()
    alert.refresh_from_db()
    assert alert.state == "new"  # both or neither
    first.post(url, {**bad, "benign": _phrase(alert)})
    alert.refresh_from_db()
    assert alert.state == "dismissed"
    page, row = reverse("compliance:benign"), BenignProposal.objects.get()
    act = reverse("compliance:benign_decide", args=[row.pk])
    assert act not in first.get(page).content.decode()
    assert act in second.get(page).content.decode()
    assert sign_in(cast.officer_shanghai).post(act, {"act": "accept"}).status_code == 404
    answer = second.post(act, {"act": "accept"})
    draft = LexiconVersion.objects.get(state="draft")
    assert answer.url == reverse("compliance:lexicon", args=[draft.pk])


def test_rejecting_needs_a_reason(alert: Alert, cast: Cast) -> None:
    row = benign.benign_propose(alert=alert, phrase=_phrase(alert), note="误报", actor=cast.officer)
    with pytest.raises(BusinessError, match="理由"):
        benign.benign_reject(proposal=row, reason=" ", actor=cast.officer_head)
    assert (
        benign.benign_reject(proposal=row, reason="太宽", actor=cast.officer_head).state
        == "rejected"
    )
