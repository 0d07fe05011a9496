"""From a false positive to a benign phrase: proposed by one officer, taken up by a second one.

Accepting makes a draft of the lexicon in the name of whoever proposed the phrase, so that the one
who accepts may also put it in force: the lexicon's own four eyes see the same two people.
"""

import csv
import io

from django.db import IntegrityError, transaction
from django.utils import timezone

from compliance import lexicons
from compliance.models import Alert, BenignProposal, LexiconVersion
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.errors import BusinessError, FourEyes
from scrm.core.states import move, moves

State = BenignProposal.State
MOVES = moves(open="accepted rejected")
_LONGEST = 40


@transaction.atomic
def benign_propose(*, alert: Alert, phrase: str, note: str, actor: User) -> BenignProposal:
    """The phrase must stand in the judged message around a hit, and be longer than the hit."""
    phrase = phrase.strip()
    finding, start = _around(alert, phrase)
    try:
        with transaction.atomic():
            row = BenignProposal.objects.create(
                alert=alert,
                phrase=phrase,
                category=str(finding["category"]),
                start=start,
                end=start + len(phrase),
                note=note.strip()[:200],
                proposed_by=actor,
            )
    except IntegrityError:
        raise BusinessError("这个短语已经有人提出，正在等待复核。") from None
    record("benign.propose", actor=actor, obj=row, after={"alert": alert.pk}, reason=row.note)
    return row


def _around(alert: Alert, phrase: str) -> tuple[dict[str, object], int]:
    if not 2 <= len(phrase) <= _LONGEST:
        raise BusinessError(f"放行短语要有 2 到 {_LONGEST} 个字。")
    start = alert.text.find(phrase)
    if start < 0:
        raise BusinessError("放行短语必须原样出现在这条消息里。")
    end = start + len(phrase)
    inside = [f for f in alert.findings if start <= f["start"] and f["end"] <= end]
    widest = max(inside, key=lambda f: f["end"] - f["start"], default=None)
    if widest and widest["end"] - widest["start"] < len(phrase):
        return widest, start
    raise BusinessError("放行短语要把命中的词包在里面，而且比它长，否则会放过真正的违规。")


def _locked(proposal: BenignProposal, actor: User) -> BenignProposal:
    row = BenignProposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    if row.proposed_by_id == actor.pk:
        raise FourEyes("不能复核自己提出的放行短语。", code="four_eyes")
    return row


def _decide(row: BenignProposal, state: str, actor: User) -> None:
    move(row, MOVES, state)
    row.decided_by, row.decided_at = actor, timezone.now()
    row.save()


@transaction.atomic
def benign_accept(*, proposal: BenignProposal, actor: User) -> LexiconVersion:
    """Makes the draft; it is put in force on the lexicon's own page, after its preview."""
    row = _locked(proposal, actor)
    out = io.StringIO()
    csv.writer(out).writerow([row.phrase, row.category, 0, "benign"])
    note = f"误报放行：预警 {row.alert_id}，{row.note}"
    row.version = lexicons.lexicon_import_csv(text=out.getvalue(), note=note, actor=row.proposed_by)
    _decide(row, State.ACCEPTED, actor)
    record("benign.accept", actor=actor, obj=row, after={"version": row.version.number})
    return row.version


@transaction.atomic
def benign_reject(*, proposal: BenignProposal, reason: str, actor: User) -> BenignProposal:
    if not reason.strip():
        raise BusinessError("驳回必须写明理由，提出人要知道为什么。")
    row = _locked(proposal, actor)
    _decide(row, State.REJECTED, actor)
    record("benign.reject", actor=actor, obj=row, reason=reason.strip())
    return row
