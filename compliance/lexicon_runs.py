"""Walks over the archive with one lexicon version: what it would change, and the rescan.

A preview compares with the newest decision about each message and writes none. A rescan stores its
own decision beside the old ones and raises alerts only where there was none.

A walk is cut into parts, ranges of message keys. Each process takes a part that no other has and
goes on batch by batch; the part keeps how far it came, so that a killed worker loses one batch.
"""

import datetime
import time
from itertools import pairwise

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone

from compliance.archive import judging, scan
from compliance.archive.records import UNREADABLE
from compliance.lexicon import ScanFailed
from compliance.lexicons import engine_of, whole_engine
from compliance.models import (
    Alert,
    ArchivedMessage,
    LexiconRun,
    LexiconRunPart,
    LexiconVersion,
    MessageScan,
)
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core import bell, bulk, collector, faults
from scrm.core.actors import Actor
from scrm.core.errors import BusinessError

Kind, State = LexiconRun.Kind, LexiconRun.State
PREVIEW_DAYS = 30
_BATCH = 2000  # a killed worker repeats one at most
_SLICE_SECONDS = 20.0
_STALLED = datetime.timedelta(minutes=2)
_SAMPLES = 20
_COUNTS = ("done", "newly", "vanished", "lost", "unread")


def _ring(pk: int, times: int = 1) -> None:
    # Imported here: the task calls back into this module.
    from compliance.tasks import lexicon_run_work

    for _ in range(times):
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
    facts = _messages(run).aggregate(total=Count("id"), first=Min("id"), last=Max("id"))
    run.total = facts["total"]
    run.save()
    parts = _cut(run, facts["first"] or 1, facts["last"] or 0)
    record("lexicon.run", actor=actor, obj=version, after={"kind": kind, "messages": run.total})
    _ring(run.pk, len(parts))
    return run


def _cut(run: LexiconRun, first: int, last: int) -> list[LexiconRunPart]:
    """Equal ranges of keys, one for each process that may walk; a small archive is one."""
    count = max(1, min(settings.LEXICON_RUN_PROCESSES, run.total // _BATCH))
    ends = [first - 1 + (last - first + 1) * n // count for n in range(count + 1)]
    parts = [LexiconRunPart(run=run, after=a, last=b) for a, b in pairwise(ends)]
    return LexiconRunPart.objects.bulk_create(parts)


def lexicon_rescan(*, version: LexiconVersion, actor: User) -> LexiconRun:
    """Judges the whole archive with the version in force; old decisions stay beside the new."""
    if version.state != LexiconVersion.State.ACTIVE:
        raise BusinessError("只能用生效中的词库重扫存档。")
    return lexicon_run_start(version=version, kind=Kind.RESCAN, actor=actor)


def work(pk: int, seconds: float = _SLICE_SECONDS) -> bool:
    """Goes on with a walk for about so long; returns whether there is more to do."""
    ends = time.monotonic() + seconds
    while _stepped(pk):
        faults.reach("F20")
        _sum_up(pk)
        if time.monotonic() > ends:
            _ring(pk)
            return True
    # Also where a worker died between its last batch and the sum.
    _sum_up(pk)
    return False


def resume() -> int:
    """Rings for the walks that nobody moved for a while; returns how many."""
    stalled = LexiconRun.objects.filter(
        state=State.RUNNING, moved_at__lt=timezone.now() - _STALLED
    ).annotate(open=Count("parts", filter=Q(parts__finished=False)))
    for pk, parts in stalled.values_list("pk", "open"):
        _ring(pk, max(1, parts))
    return len(stalled)


def _stepped(pk: int) -> bool:
    with collector.resting():
        return _step(pk)


@transaction.atomic
def _step(pk: int) -> bool:
    """One batch of a part that nobody else walks, with its progress in the same transaction."""
    free = LexiconRunPart.objects.filter(run=pk, run__state=State.RUNNING, finished=False)
    free = free.select_for_update(skip_locked=True, of=("self",))
    part = free.select_related("run__version").order_by("id").first()
    if part is None:
        return False
    rows = _messages(part.run).filter(id__gt=part.after, id__lte=part.last).order_by("id")
    batch = bulk.read(rows[:_BATCH], judging.READ)
    try:
        _judge(part, batch)
    except ScanFailed:
        ended = {"state": State.FAILED, "finished_at": timezone.now()}
        LexiconRun.objects.filter(pk=pk, state=State.RUNNING).update(**ended)
        return False
    faults.reach("F19")
    part.after = batch[-1].pk if batch else part.last
    part.finished = len(batch) < _BATCH
    part.done += len(batch)
    part.save()
    return True


@transaction.atomic
def _sum_up(pk: int) -> None:
    """The sums of the parts, and the end when all are finished: may be repeated at any time."""
    run = LexiconRun.objects.select_for_update().get(pk=pk)
    if run.state != State.RUNNING:
        return
    parts = list(run.parts.all())
    for name in _COUNTS:
        setattr(run, name, sum(getattr(part, name) for part in parts))
    run.samples = _merged(parts)
    run.moved_at = timezone.now()
    if all(part.finished for part in parts):
        run.state, run.finished_at = State.DONE, run.moved_at
    run.save()


def _merged(parts: list[LexiconRunPart]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for part in parts:
        for sort, keys in part.samples.items():
            found[sort] = (found.get(sort, []) + keys)[:_SAMPLES]
    return found


def _judge(part: LexiconRunPart, batch: list[ArchivedMessage]) -> None:
    if not batch:
        return
    run = part.run
    # A preview asks what the version would change, whatever the days of its terms.
    engine = whole_engine(run.version) if run.kind == Kind.PREVIEW else engine_of(run.version)
    former = _former(batch, engine.digest)
    judged, failed = judging.judge_batch(batch, engine)
    part.unread += failed
    for one in judged:
        _count(part, one.message.pk, former.get(one.message.pk, (None, False)), one.severity)
    if run.kind == Kind.RESCAN:
        scan.keep(judged)


def _former(batch: list[ArchivedMessage], digest: str) -> dict[int, tuple[int | None, bool]]:
    """Of messages with a hit in their newest decision by another lexicon: (its severity, was the
    alert confirmed)."""
    scans = MessageScan.objects.filter(
        ~Q(lexicon_digest=digest), message_id__gte=batch[0].pk, message_id__lte=batch[-1].pk
    )
    newest = scans.order_by("message_id", "-id").distinct("message_id")
    hits = {pk: was for pk, was in newest.values_list("message_id", "severity") if was is not None}
    confirmed = Alert.objects.filter(message__in=hits, state=Alert.State.CONFIRMED)
    sure = set(confirmed.values_list("message_id", flat=True)) if hits else set()
    return {pk: (was, pk in sure) for pk, was in hits.items()}


def _count(
    part: LexiconRunPart, pk: int, former: tuple[int | None, bool], severity: int | None
) -> None:
    was, confirmed = former
    if severity and not was:
        part.newly += 1
        _sample(part, "newly", pk)
    elif was and not severity:
        part.vanished += 1
        _sample(part, "lost" if confirmed else "vanished", pk)
        part.lost += confirmed


def _sample(part: LexiconRunPart, sort: str, pk: int) -> None:
    keys = part.samples.setdefault(sort, [])
    if len(keys) < _SAMPLES:
        keys.append(pk)
