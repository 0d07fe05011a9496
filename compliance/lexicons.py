"""The lexicon in the database: drafted by one person, put in force by another, used by all.

The engine is kept per process. Which version is in force is asked at most once a second by one
indexed query, so that a new lexicon reaches every worker without a message and without Redis.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from compliance.lexicon import (
    Engine,
    LexiconData,
    LexiconInvalid,
    ScanFailed,
    Term,
    parse_csv,
    starter_lexicon,
)
from compliance.models import LexiconRun, LexiconTerm, LexiconVersion
from compliance.signals import lexicon_activated, lexicon_drafted
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.actors import SYSTEM, Actor
from scrm.core.errors import BusinessError, FourEyes

State = LexiconVersion.State
_RECHECK_SECONDS = 1.0
_KEPT_ENGINES = 3


class NoLexicon(ScanFailed):
    """No usable lexicon is in force; whatever was to be scanned must be held."""


class LexiconRefused(BusinessError):
    """An upload with bad rows; `rows` names every one of them."""

    def __init__(self, rows: list[str]) -> None:
        super().__init__(f"导入被拒绝，{len(rows)} 行有问题，没有生成草稿。", code="lexicon_rows")
        self.rows = rows


@dataclass(slots=True)
class _Held:
    """What this process holds; values are replaced whole, so that threads never see half."""

    in_force: tuple[Engine, float] | None = None
    engines: dict[tuple[str, str], Engine] = field(default_factory=dict)


_held = _Held()


def active_engine() -> Engine:
    """The engine of the version in force; raises NoLexicon."""
    now, held = time.monotonic(), _held.in_force
    if held and now - held[1] < _RECHECK_SECONDS:
        return held[0]
    version = LexiconVersion.objects.filter(state=State.ACTIVE).first()
    if version is None:
        forget()
        raise NoLexicon("no lexicon version is active")
    engine = engine_of(version)
    _held.in_force = (engine, now)
    return engine


def forget() -> None:
    """The next scan in this process asks the database which lexicon is in force."""
    _held.in_force = None


def _keep(key: tuple[str, str], engine: Engine) -> Engine:
    kept = list(_held.engines.items())[1 - _KEPT_ENGINES :]
    _held.engines = {**dict(kept), key: engine}
    return engine


def lexicon_data(version: LexiconVersion) -> LexiconData:
    """The version's rows as the engine takes them."""
    rows = version.terms.values_list("text", "category", "severity", "kind", "rule_id", "target")
    return LexiconData(version.number, tuple(Term(*row) for row in rows))


def _built(version: LexiconVersion) -> Engine:
    data = lexicon_data(version)
    # Rows that no longer add up to what a second person approved are as good as none.
    if data.digest != version.digest:
        raise NoLexicon(f"lexicon {version.number} does not match its digest")
    try:
        return Engine.build(data)
    except LexiconInvalid as error:
        raise NoLexicon(f"lexicon {version.number} is invalid") from error


def engine_of(version: LexiconVersion) -> Engine:
    """The engine of any version, draft or not; raises NoLexicon. Kept like those in force."""
    key = (version.number, version.digest)
    return _held.engines.get(key) or _keep(key, _built(version))


def active_version() -> LexiconVersion | None:
    return LexiconVersion.objects.filter(state=State.ACTIVE).first()


def _next_number() -> str:
    return f"v{LexiconVersion.objects.count() + 1}"


def _store(data: LexiconData, note: str, actor: Actor) -> LexiconVersion:
    version = LexiconVersion.objects.create(
        number=data.version, digest=data.digest, note=note[:200], created_by_id=actor.pk
    )
    rows = [
        LexiconTerm(
            version=version,
            text=term.text,
            category=term.category,
            severity=term.severity,
            kind=term.kind,
            rule_id=term.rule_id,
            target=term.target,
        )
        for term in data.terms
    ]
    LexiconTerm.objects.bulk_create(rows, batch_size=1000)
    record(
        "lexicon.create", actor=actor, obj=version, after={"terms": len(rows), "note": note[:80]}
    )
    return version


def _base_terms() -> tuple[Term, ...]:
    version = active_version()
    return lexicon_data(version).terms if version else starter_lexicon().terms


@transaction.atomic
def lexicon_import_csv(
    *, text: str, note: str, actor: User, removed: Iterable[str] = ()
) -> LexiconVersion:
    """A draft of the version in force with the uploaded rows added or put in place of equal ones
    and without the `removed` words.

    Raises LexiconRefused naming every bad row; nothing is stored then.
    """
    uploaded, errors = parse_csv(text)
    if errors:
        raise LexiconRefused(errors)
    gone = {word.strip() for word in removed if word.strip()}
    if not uploaded and not gone:
        raise LexiconRefused(["文件里没有任何词条，也没有要删除的词"])
    base = _base_terms()
    if unknown := sorted(gone - {term.text for term in base}):
        raise LexiconRefused([f"要删除的词不在生效词库里：{word}" for word in unknown])
    kept = [term for term in base if term.text not in gone]
    merged = {(term.kind, term.text): term for term in (*kept, *uploaded)}
    data = LexiconData(_next_number(), tuple(merged.values()))
    try:
        Engine.build(data)
    except LexiconInvalid as error:
        raise LexiconRefused(error.rows) from None
    draft = _store(data, note, actor)
    lexicon_drafted.send(LexiconVersion, version=draft, actor=actor)
    return draft


@transaction.atomic
def lexicon_activate(
    *, version: LexiconVersion, actor: User, accepted: bool = False
) -> LexiconVersion:
    """Puts a draft in force by a second person and retires the former version.

    Where the preview says that confirmed violations would no longer be found, that person must
    have `accepted` it; what was accepted is recorded.
    """
    # One lock order for everyone: all rows that may change, by key.
    rows = LexiconVersion.objects.select_for_update().order_by("pk")
    locked = {row.pk: row for row in rows.exclude(state=State.RETIRED)}
    draft = locked.get(version.pk)
    if draft is None or draft.state != State.DRAFT:
        raise BusinessError("只有草稿可以启用，请刷新页面。")
    if draft.created_by_id == actor.pk:
        raise FourEyes("不能启用自己导入的词库，请由另一位合规人员启用。", code="four_eyes")
    former = next((row for row in locked.values() if row.state == State.ACTIVE), None)
    _refuse_outdated(draft, former)
    draft.accepted_impact = _impact(draft, accepted)
    try:
        _built(draft)
    except NoLexicon:
        raise BusinessError("草稿的词条与导入时不一致或无效，请重新导入。") from None
    if former:
        former.state, former.retired_at = State.RETIRED, timezone.now()
        former.save(update_fields=["state", "retired_at"])
    return _put_in_force(draft, actor)


def _refuse_outdated(draft: LexiconVersion, former: LexiconVersion | None) -> None:
    """A draft copied from an older version would silently drop what was added since."""
    if former and former.activated_at and former.activated_at > draft.created_at:
        raise BusinessError("这份草稿做好之后，生效词库已经更换，请重新导入后再启用。")


def _impact(draft: LexiconVersion, accepted: bool) -> list[int]:
    """[newly hit, vanished, confirmed violations lost] of the finished preview, or []."""
    preview = draft.runs.filter(kind=LexiconRun.Kind.PREVIEW, state=LexiconRun.State.DONE).first()
    if preview is None:
        return []
    if preview.lost and not accepted:
        raise BusinessError(
            f"启用后有 {preview.lost} 条已确认的违规将不再命中，请勾选知悉后再启用。",
            code="lexicon_lost",
        )
    return [preview.newly, preview.vanished, preview.lost]


def _put_in_force(draft: LexiconVersion, actor: Actor) -> LexiconVersion:
    draft.state, draft.activated_at, draft.activated_by_id = State.ACTIVE, timezone.now(), actor.pk
    draft.save(update_fields=["state", "activated_at", "activated_by", "accepted_impact"])
    after = {"digest": draft.digest[:16], "accepted_impact": draft.accepted_impact}
    record("lexicon.activate", actor=actor, obj=draft, after=after)
    transaction.on_commit(forget)
    lexicon_activated.send(LexiconVersion, version=draft)
    return draft


@transaction.atomic
def lexicon_install_starter(*, actor: Actor = SYSTEM) -> LexiconVersion:
    """Puts the shipped lexicon in force where there is none yet; returns the version in force."""
    held = active_version()
    if held:
        return held
    return _put_in_force(_store(starter_lexicon(), "随产品提供的初始词库", actor), actor)
