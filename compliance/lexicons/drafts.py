"""Drafts: the version in force with rows added, replaced or taken out."""

import datetime
from collections.abc import Iterable

from django.db import transaction

from compliance.lexicon import (
    Engine,
    LexiconData,
    LexiconInvalid,
    Term,
    parse_aliases,
    parse_csv,
    starter_lexicon,
)
from compliance.lexicons.engines import active_version, lexicon_data
from compliance.models import LexiconTerm, LexiconVersion
from compliance.signals import lexicon_drafted
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.actors import Actor
from scrm.core.errors import BusinessError

Key = tuple[str, str]  # kind and text of a term


class LexiconRefused(BusinessError):
    """An upload with bad rows; `rows` names every one of them."""

    def __init__(self, rows: list[str]) -> None:
        super().__init__(f"导入被拒绝，{len(rows)} 行有问题，没有生成草稿。", code="lexicon_rows")
        self.rows = rows


def lexicon_import_csv(
    *, text: str, note: str, actor: User, removed: Iterable[str] = ()
) -> LexiconVersion:
    """A draft with the uploaded rows added or put in place of equal ones, without the `removed`
    words.

    Raises LexiconRefused naming every bad row; nothing is stored then.
    """
    uploaded, errors = parse_csv(text)
    if errors:
        raise LexiconRefused(errors)
    gone = {word.strip() for word in removed if word.strip()}
    known = {term.text for term in _base_terms() if term.kind != "alias"}
    if unknown := sorted(gone - known):
        raise LexiconRefused([f"要删除的词不在生效词库里：{word}" for word in unknown])
    kinds = ("risk", "benign", "complaint")
    return lexicon_draft(
        uploaded=uploaded,
        removed={(kind, word) for kind in kinds for word in gone},
        note=note,
        actor=actor,
    )


def lexicon_import_aliases(
    *, text: str, note: str, actor: User, removed: Iterable[str] = ()
) -> LexiconVersion:
    """A draft with aliases (rows: alias, sort, word) added or replaced and the `removed` ones out.

    Raises LexiconRefused naming every bad row; nothing is stored then.
    """
    uploaded, errors = parse_aliases(text)
    if errors:
        raise LexiconRefused(errors)
    gone = {("alias", word) for word in removed}
    return lexicon_draft(uploaded=uploaded, removed=gone, note=note, actor=actor)


@transaction.atomic
def lexicon_draft(
    *, uploaded: list[Term], removed: set[Key], note: str, actor: User
) -> LexiconVersion:
    """A draft of the version in force with these changes, and the preview of its impact."""
    if not uploaded and not removed:
        raise LexiconRefused(["没有任何词条，也没有要删除的词"])
    kept = [term for term in _base_terms() if (term.kind, term.text) not in removed]
    merged = {(term.kind, term.text): term for term in (*kept, *uploaded)}
    data = LexiconData(_next_number(), tuple(merged.values()))
    _require_complaints(data)
    try:
        Engine.build(data)
    except LexiconInvalid as error:
        raise LexiconRefused(error.rows) from None
    draft = store(data, note, actor)
    lexicon_drafted.send(LexiconVersion, version=draft, actor=actor)
    return draft


def _require_complaints(data: LexiconData) -> None:
    """Without a word for them every complaint would go unseen."""
    if not any(term.kind == "complaint" for term in data.terms):
        raise LexiconRefused(["投诉用语一个也不剩：投诉会全部漏掉，请至少保留一个"])


def _base_terms() -> tuple[Term, ...]:
    version = active_version()
    return lexicon_data(version).terms if version else starter_lexicon().terms


def _next_number() -> str:
    return f"v{LexiconVersion.objects.count() + 1}"


def store(data: LexiconData, note: str, actor: Actor) -> LexiconVersion:
    version = LexiconVersion.objects.create(
        number=data.version, digest=data.digest, note=note[:200], created_by_id=actor.pk
    )
    rows = [_row(version, term) for term in data.terms]
    LexiconTerm.objects.bulk_create(rows, batch_size=1000)
    record(
        "lexicon.create", actor=actor, obj=version, after={"terms": len(rows), "note": note[:80]}
    )
    return version


def _row(version: LexiconVersion, term: Term) -> LexiconTerm:
    return LexiconTerm(
        version=version,
        text=term.text,
        category=term.category,
        severity=term.severity,
        kind=term.kind,
        rule_id=term.rule_id,
        target=term.target,
        since=_day(term.since),
        until=_day(term.until),
    )


def _day(text: str) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None
