"""Walks over the archive with one lexicon version: what it would change, and the rescan.

A preview compares with the newest decision about each message and writes none. A rescan stores its
own decision beside the old ones and raises alerts only where there was none. Both go batch by
batch; the row keeps how far they came, so that a killed worker loses one batch at most.
"""

import datetime
import time

from django.db import transaction
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from compliance.archive import scan
from compliance.archive.records import UNREADABLE
from compliance.lexicon import ScanFailed
from compliance.lexicons import engine_of, whole_engine
from compliance.models import Alert, ArchivedMessage, LexiconRun, LexiconVersion, MessageScan
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core import bell
from scrm.core.actors import Actor
from scrm.core.errors import BusinessError

Kind, State = LexiconRun.Kind, LexiconRun.State
PREVIEW_DAYS = 30
_BATCH = 500
_SLICE_SECONDS = 20.0
_STALLED = datetime.timedelta(minutes=2)
_SAMPLES = 20


def _ring(pk: int) -> None:
    # Imported here: the task calls back into this module.
    from compliance.tasks import lexicon_run_work

    bell.ring(lexicon_run_work, pk)


def _messages(run: LexiconRun) -> QuerySet[ArchivedMessage]:
    rows = ArchivedMessage.objects.exclude(msgtype__in=UNREADABLE)
    if run.since:
        rows = rows.filter(sent_at__gte=run.since)
    return rows


@transaction.atomic
def lexicon_run_start(*, version: LexiconVersion, kind: str, actor: Actor) -> LexiconRun:
    """Starts a walk; the running one of that kind and version is returned where there is one."""
    held = version.runs.filter(kind=kind, state=State.RUNNING).first()
    if held:
        return held
    since = timezone.now() - datetime.timedelta(days=PREVIEW_DAYS) if kind == Kind.PREVIEW else None
    run = LexiconRun(version=version, kind=kind, since=since, started_by_id=actor.pk)
    facts = _messages(run).aggregate(total=Count("id"), last=Max("id"))
    run.total, run.last = facts["total"], facts["last"] or 0
    run.save()
    record("lexicon.run", actor=actor, obj=version, after={"kind": kind, "messages": run.total})
    _ring(run.pk)
    return run


def lexicon_rescan(*, version: LexiconVersion, actor: User) -> LexiconRun:
    """Judges the whole archive with the version in force; old decisions stay beside the new."""
    if version.state != LexiconVersion.State.ACTIVE:
        raise BusinessError("只能用生效中的词库重扫存档。")
    return lexicon_run_start(version=version, kind=Kind.RESCAN, actor=actor)


def work(pk: int, seconds: float = _SLICE_SECONDS) -> bool:
    """Goes on with a walk for about so long; returns whether there is more to do."""
    ends = time.monotonic() + seconds
    while _step(pk):
        if time.monotonic() > ends:
            _ring(pk)
            return True
    return False


def resume() -> int:
    """Rings for the walks that nobody moved for a while; returns how many."""
    stalled = LexiconRun.objects.filter(
        state=State.RUNNING, moved_at__lt=timezone.now() - _STALLED
    ).values_list("pk", flat=True)
    for pk in stalled:
        _ring(pk)
    return len(stalled)


@transaction.atomic
def _step(pk: int) -> bool:
    """One batch, with its progress in the same transaction."""
    run = LexiconRun.objects.select_for_update().select_related("version").get(pk=pk)
    if run.state != State.RUNNING:
        return False
    rows = _messages(run).filter(id__gt=run.after, id__lte=run.last).order_by("id")
    batch = list(rows.only(*scan.READ)[:_BATCH])
    if not batch:
        return _finish(run, State.DONE)
    try:
        _judge(run, batch)
    except ScanFailed:
        return _finish(run, State.FAILED)
    run.after, run.moved_at = batch[-1].pk, timezone.now()
    run.done += len(batch)
    run.save()
    return True


def _finish(run: LexiconRun, state: str) -> bool:
    run.state, run.finished_at = state, timezone.now()
    run.save()
    return False


def _judge(run: LexiconRun, batch: list[ArchivedMessage]) -> None:
    # A preview asks what the version would change, whatever the days of its terms.
    engine = whole_engine(run.version) if run.kind == Kind.PREVIEW else engine_of(run.version)
    former = _former(batch, engine.digest)
    judged, failed = scan.judge_batch(batch, engine)
    run.unread += failed
    for message, _, _, severity in judged:
        _count(run, message.pk, former.get(message.pk, (None, False)), severity)
    if run.kind == Kind.RESCAN:
        scan.keep(judged)


def _former(batch: list[ArchivedMessage], digest: str) -> dict[int, tuple[int | None, bool]]:
    """Message -> (severity of the newest decision by another lexicon, was it confirmed)."""
    newest = MessageScan.objects.filter(~Q(lexicon_digest=digest), message_id=OuterRef("pk"))
    severity = Subquery(newest.order_by("-id").values("severity")[:1])
    rows = ArchivedMessage.objects.filter(pk__in=[m.pk for m in batch]).annotate(was=severity)
    states = rows.values_list("pk", "was", "alert__state")
    return {pk: (was, state == Alert.State.CONFIRMED) for pk, was, state in states}


def _count(run: LexiconRun, pk: int, former: tuple[int | None, bool], severity: int | None) -> None:
    was, confirmed = former
    if severity and not was:
        run.newly += 1
        _sample(run, "newly", pk)
    elif was and not severity:
        run.vanished += 1
        _sample(run, "lost" if confirmed else "vanished", pk)
        run.lost += confirmed


def _sample(run: LexiconRun, sort: str, pk: int) -> None:
    keys = run.samples.setdefault(sort, [])
    if len(keys) < _SAMPLES:
        keys.append(pk)
