"""Putting a draft in force: by a second person, at once or at a moment ahead."""

import datetime

from django.db import transaction
from django.utils import timezone

from compliance.lexicon import starter_lexicon
from compliance.lexicons.drafts import store
from compliance.lexicons.engines import NoLexicon, active_version, check, forget
from compliance.models import LexiconRun, LexiconVersion
from compliance.signals import lexicon_activated, lexicon_scheduled
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core import faults
from scrm.core.actors import SYSTEM, Actor
from scrm.core.errors import BusinessError, FourEyes
from scrm.core.states import move, moves

State = LexiconVersion.State
MOVES = moves(draft="approved active", approved="draft active", active="retired")
_FURTHEST = datetime.timedelta(days=366)


@transaction.atomic
def lexicon_activate(
    *,
    version: LexiconVersion,
    actor: User,
    accepted: bool = False,
    effective_at: datetime.datetime | None = None,
) -> LexiconVersion:
    """Puts a draft in force by a second person, now or at `effective_at`.

    Where the preview says that confirmed violations would no longer be found, that person must
    have `accepted` it; what was accepted is recorded.
    """
    rows = _locked()
    draft = next((row for row in rows if row.pk == version.pk), None)
    if draft is None or draft.state != State.DRAFT:
        raise BusinessError("只有草稿可以启用，请刷新页面。")
    if draft.created_by_id == actor.pk:
        raise FourEyes("不能启用自己导入的词库，请由另一位合规人员启用。", code="four_eyes")
    _refuse_outdated(draft, rows)
    draft.accepted_impact = _impact(draft, accepted)
    try:
        check(draft)
    except NoLexicon:
        raise BusinessError("草稿的词条与导入时不一致或无效，请重新导入。") from None
    if effective_at:
        return _schedule(draft, effective_at, actor)
    _retire(rows, timezone.now())
    faults.reach("F14")
    return _put_in_force(draft, actor)


def _locked() -> list[LexiconVersion]:
    """All rows that may change, by key: one lock order for everyone."""
    rows = LexiconVersion.objects.select_for_update().order_by("pk")
    return list(rows.exclude(state=State.RETIRED))


def _refuse_outdated(draft: LexiconVersion, rows: list[LexiconVersion]) -> None:
    """A draft copied from an older version would silently drop what was added since."""
    waiting = next((row for row in rows if row.state == State.APPROVED), None)
    if waiting and waiting.effective_at:
        at = timezone.localtime(waiting.effective_at)
        raise BusinessError(
            f"{waiting.number} 已批准，将于 {at:%Y-%m-%d %H:%M} 生效。请先撤回它，或等它生效后重新导入。"
        )
    former = next((row for row in rows if row.state == State.ACTIVE), None)
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


def _schedule(draft: LexiconVersion, at: datetime.datetime, actor: User) -> LexiconVersion:
    if not timezone.now() < at <= timezone.now() + _FURTHEST:
        raise BusinessError("生效时间要在此刻之后、一年之内；立即启用请把时间留空。")
    move(draft, MOVES, State.APPROVED)
    draft.effective_at, draft.activated_by = at, actor
    draft.save()
    after = {"effective_at": at.isoformat(), "accepted_impact": draft.accepted_impact}
    record("lexicon.schedule", actor=actor, obj=draft, after=after)
    lexicon_scheduled.send(LexiconVersion, version=draft)
    return draft


@transaction.atomic
def lexicon_withdraw(*, version: LexiconVersion, actor: User) -> LexiconVersion:
    """Takes back an approval whose moment has not come; the version is a draft again."""
    row = LexiconVersion.objects.select_for_update().get(pk=version.pk)
    if row.state != State.APPROVED or not row.effective_at or row.effective_at <= timezone.now():
        raise BusinessError("只有还没有到生效时间的词库可以撤回。")
    before = {"effective_at": row.effective_at.isoformat()}
    move(row, MOVES, State.DRAFT)
    row.effective_at, row.activated_by, row.accepted_impact = None, None, []
    row.save()
    record("lexicon.withdraw", actor=actor, obj=row, before=before)
    return row


@transaction.atomic
def lexicons_promote() -> int:
    """Moves the row of the version whose moment has come; returns how many.

    Workers judge with it from that moment, this only makes the table say so.
    """
    rows = _locked()
    due = [row for row in rows if row.state == State.APPROVED and _is_due(row)]
    for version in due:
        _retire(rows, version.effective_at or timezone.now())
        _put_in_force(version, SYSTEM)
    return len(due)


def _is_due(row: LexiconVersion) -> bool:
    return row.effective_at is not None and row.effective_at <= timezone.now()


def _retire(rows: list[LexiconVersion], at: datetime.datetime) -> None:
    for former in rows:
        if former.state == State.ACTIVE:
            move(former, MOVES, State.RETIRED)
            former.retired_at = at
            former.save(update_fields=["state", "retired_at"])


def _put_in_force(draft: LexiconVersion, actor: Actor) -> LexiconVersion:
    move(draft, MOVES, State.ACTIVE)
    draft.activated_at = draft.effective_at = draft.effective_at or timezone.now()
    # With a date ahead the person who approved stands there already.
    draft.activated_by_id = draft.activated_by_id or actor.pk
    draft.save()
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
    return _put_in_force(store(starter_lexicon(), "随产品提供的初始词库", actor), actor)
