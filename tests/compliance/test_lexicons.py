"""A lexicon is imported by one person, put in force by another, and used at once."""

import pytest

from compliance import lexicons
from compliance.lexicons import lexicon_activate, lexicon_import_csv
from compliance.models import LexiconVersion
from compliance.scanning import scan_text
from scrm.audit.models import AuditEvent
from scrm.core.errors import BusinessError, FourEyes
from tests.factories.cast import Cast

NEW = "火星理财计划,off_book_sale,4\n"


def test_a_new_term_counts_once_a_second_person_activates_it(cast: Cast) -> None:
    text = "我给您推荐火星理财计划。"
    before = scan_text(text)
    former = LexiconVersion.objects.get()
    draft = lexicon_import_csv(text=NEW, note="新增", actor=cast.officer)
    assert draft.terms.count() == former.terms.count() + 1
    with pytest.raises(FourEyes):
        lexicon_activate(version=draft, actor=cast.officer)
    assert scan_text(text).lexicon_version == before.lexicon_version
    lexicon_activate(version=draft, actor=cast.officer_head)
    lexicons.forget()
    after = scan_text(text)
    assert (after.lexicon_version, after.severity) == (draft.number, 4)
    former.refresh_from_db()
    assert former.state == LexiconVersion.State.RETIRED
    assert AuditEvent.objects.filter(action="lexicon.activate", actor=cast.officer_head).exists()


def test_every_bad_row_is_named_and_nothing_is_stored(cast: Cast) -> None:
    text = "好词,abuse,3\n坏级别,abuse,9\n坏类别,nonsense,3\n好词,abuse,3\n"
    with pytest.raises(lexicons.LexiconRefused) as caught:
        lexicon_import_csv(text=text, note="", actor=cast.officer)
    assert [row.split("行")[0] for row in caught.value.rows] == ["第2", "第3", "第4"]
    assert LexiconVersion.objects.count() == 1


def test_an_imported_row_replaces_its_equal(cast: Cast) -> None:
    active = LexiconVersion.objects.get()
    term = active.terms.filter(kind="risk", severity=4).first()
    draft = lexicon_import_csv(
        text=f"{term.text},{term.category},1\n", note="降级", actor=cast.officer
    )
    assert draft.terms.count() == active.terms.count()
    assert draft.terms.get(kind="risk", text=term.text).severity == 1


def test_a_draft_of_an_older_version_is_not_activated(cast: Cast) -> None:
    first = lexicon_import_csv(text=NEW, note="甲", actor=cast.officer)
    second = lexicon_import_csv(text="土星理财计划,off_book_sale,4", note="乙", actor=cast.officer)
    lexicon_activate(version=first, actor=cast.officer_head)
    with pytest.raises(BusinessError, match="重新导入"):
        lexicon_activate(version=second, actor=cast.officer_head)


def test_a_draft_whose_rows_were_edited_is_not_activated(cast: Cast) -> None:
    draft = lexicon_import_csv(text=NEW, note="甲", actor=cast.officer)
    draft.terms.filter(text="火星理财计划").update(severity=0)
    with pytest.raises(BusinessError, match="不一致"):
        lexicon_activate(version=draft, actor=cast.officer_head)
    assert LexiconVersion.objects.get(state="active").number == "starter-1"
