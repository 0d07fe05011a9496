"""Full walks over WeCom's data: started by a person, resumable page by page, never forgetful.

Rows and position are committed together, so a kill repeats at most the pages of one batch. Only
after the last page is anything ended that the walk did not see.
"""

import datetime
import logging
import time
from collections import Counter
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils import timezone

from channels.models import SyncRun
from channels.providers.base import ErrorClass, ProviderError
from channels.sync import ahead
from channels.sync.kind import Kind, Page
from channels.sync.kinds import kind_of
from scrm.audit.services import record
from scrm.core.actors import SYSTEM, Actor
from scrm.core.bell import ring
from scrm.core.errors import BusinessError

logger = logging.getLogger(__name__)
_MOST_FAILURES = 5
_STALE = datetime.timedelta(minutes=2)
# A worker gives way to other work of its queue after this, well before its task is killed.
_SLICE_SECONDS = 240.0
_FINAL = {ErrorClass.PERMANENT, ErrorClass.CONFIGURATION}


def start(*, kind: str = SyncRun.Kind.CONTACTS, corp_id: str = "", actor: Actor) -> SyncRun:
    """Begins a walk; refused while one of its kind is running."""
    from channels.tasks import sync_continue

    counts = dict.fromkeys(kind_of(kind).labels, 0)
    try:
        with transaction.atomic():
            run = SyncRun.objects.create(kind=kind, corp_id=corp_id, counts=counts)
            record("sync.start", actor=actor, obj=run)
            ring(sync_continue, run.pk)
    except IntegrityError:
        raise BusinessError("同步正在进行，请等待它结束。") from None
    return run


def resume_stalled() -> int:
    """Continues walks whose worker died; returns how many."""
    stalled = SyncRun.objects.filter(
        state=SyncRun.State.RUNNING, touched_at__lt=timezone.now() - _STALE
    )
    runs = list(stalled)
    for run in runs:
        proceed(run)
    return len(runs)


def proceed(run: SyncRun) -> None:
    """Walks on from where the run stands until its end or an error that needs a person."""
    from channels.tasks import sync_continue

    kind, until = kind_of(run.kind), time.monotonic() + _SLICE_SECONDS
    try:
        _begin(run, kind)
        if _walked(run, kind, until):
            _settle(run, kind)
            _finish(run)
        else:
            ring(sync_continue, run.pk)
    except _TakenOver:
        return
    except ProviderError as error:
        _stop(run, error.message, final=error.kind in _FINAL)
    except Exception:
        logger.exception("walk %s failed", run.pk)
        run.failures += 1
        text = "程序处理这一页时出错，已记入日志。"
        _stop(run, text, final=run.failures >= _MOST_FAILURES)


class _TakenOver(Exception):
    """Another worker walks this run; it goes on there."""


def _begin(run: SyncRun, kind: Kind) -> None:
    if run.state != SyncRun.State.RUNNING:
        raise _TakenOver
    if run.plan is None:
        plan = kind.plan(run)
        _commit(run, plan=plan.work, total=plan.total, position=kind.first(plan.work) or {})


def _walked(run: SyncRun, kind: Kind, until: float) -> bool:
    """Whether the last page is written; False when the time of this slice is over."""
    if not run.position:
        return True
    for pages in ahead.batches(lambda at: kind.read(run, at), run.position):
        _write(run, kind, pages)
        if run.position and time.monotonic() > until:
            return False
    return True


def _write(run: SyncRun, kind: Kind, pages: list[Page]) -> None:
    with transaction.atomic():
        _lock(run)
        found, last = kind.take(run, pages), pages[-1]
        unread = [*run.unread, *(name for page in pages for name in page.unread)]
        _commit(run, found, position=last.following or {}, done=last.done, unread=unread)


def _settle(run: SyncRun, kind: Kind) -> None:
    """Ends what WeCom no longer has; each step is a transaction of the kind's own."""
    for found in kind.absent(run):
        with transaction.atomic():
            _lock(run)
            _commit(run, found)


def _lock(run: SyncRun) -> None:
    """Raises _TakenOver when the row is no longer where this worker left it."""
    rows = SyncRun.objects.select_for_update().values_list("position", "state")
    if rows.get(pk=run.pk) != (run.position, SyncRun.State.RUNNING):
        raise _TakenOver


def _commit(run: SyncRun, found: Counter[str] | None = None, **values: object) -> None:
    run.counts = dict(_sums(run.counts, found or Counter()))
    run.error, run.failures, run.touched_at = "", 0, timezone.now()
    for name, value in values.items():
        setattr(run, name, value)
    run.save(update_fields=["counts", "error", "failures", "touched_at", *values])


def _sums(counts: dict[str, int], found: Counter[str]) -> Iterable[tuple[str, int]]:
    for name in (*counts, *(name for name in found if name not in counts)):
        yield name, counts.get(name, 0) + found[name]


@transaction.atomic
def _finish(run: SyncRun) -> None:
    _lock(run)
    run.state, run.finished_at, run.done = SyncRun.State.DONE, timezone.now(), run.total
    run.save(update_fields=["state", "finished_at", "done"])
    record("sync.finish", actor=SYSTEM, obj=run, after=run.counts)


def _stop(run: SyncRun, text: str, *, final: bool) -> None:
    """A passing trouble leaves the run to the sweeper; any other ends it with its reason."""
    run.error, run.touched_at = text, timezone.now()
    if final:
        run.state, run.finished_at = SyncRun.State.FAILED, timezone.now()
    run.save(update_fields=["error", "failures", "touched_at", "state", "finished_at"])
