"""Full walk over all customers of all employees, resumable page by page."""

import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from channels.models import SyncRun
from channels.providers.base import ProviderError
from channels.providers.wecom.api import wecom
from channels.sync.facts import page_facts
from contacts import intake
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.actors import SYSTEM, Actor
from scrm.core.bell import ring
from scrm.core.errors import BusinessError

KIND = "contacts"
_COUNTED = ("contacts", "follows", "matched", "unknown_users")
_STALE = datetime.timedelta(minutes=2)


def start(*, actor: Actor) -> SyncRun:
    """Begins a walk; refused while one is running."""
    from channels.tasks import sync_continue

    try:
        with transaction.atomic():
            run = SyncRun.objects.create(kind=KIND, counts=dict.fromkeys(_COUNTED, 0))
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
    try:
        if not run.position:
            _begin(run)
        while run.state == SyncRun.State.RUNNING and _step(run):
            pass
    except ProviderError as error:
        _stop(run, error)


def _begin(run: SyncRun) -> None:
    userids = wecom().follow_users()
    run.position = {"pending": userids, "cursor": ""}
    run.total = len(userids)
    run.save(update_fields=["position", "total"])


def _step(run: SyncRun) -> bool:
    """One page: rows and position are committed together, so a kill repeats at most one page."""
    pending = run.position["pending"]
    if not pending:
        _finish(run)
        return False
    userid, cursor = pending[0], run.position["cursor"]
    # Events carry whole seconds: one of the same second must win over what this page says.
    asked_at = timezone.now().replace(microsecond=0)
    rows, next_cursor = wecom().contacts_page(userid, cursor)
    with transaction.atomic():
        now_at = (
            SyncRun.objects.select_for_update().values_list("position", flat=True).get(pk=run.pk)
        )
        if now_at != run.position:
            return False  # Another worker took the walk over; it goes on there.
        _take(run, userid, rows, asked_at)
        if not next_cursor:
            pending.pop(0)
            run.done += 1
        run.position["cursor"] = next_cursor
        run.touched_at = timezone.now()
        run.save(update_fields=["position", "done", "counts", "touched_at"])
    return True


def _take(
    run: SyncRun, userid: str, rows: list[dict[str, object]], asked_at: datetime.datetime
) -> None:
    user = User.objects.filter(wecom_userid=userid).first()
    if user is None:
        run.counts["unknown_users"] += 1
        return
    taken = intake.take_in_page(user=user, page=page_facts(rows), as_of=asked_at)
    run.counts["contacts"] += taken.contacts
    run.counts["follows"] += taken.follows
    run.counts["matched"] += taken.matched


@transaction.atomic
def _finish(run: SyncRun) -> None:
    run.state, run.finished_at = SyncRun.State.DONE, timezone.now()
    run.save(update_fields=["state", "finished_at"])
    record("sync.finish", actor=SYSTEM, obj=run, after=run.counts)


def _stop(run: SyncRun, error: ProviderError) -> None:
    """A passing trouble leaves the run to the sweeper; any other ends it with its reason."""
    run.error = error.message
    run.touched_at = timezone.now()
    if error.kind.value in {"permanent", "configuration"}:
        run.state, run.finished_at = SyncRun.State.FAILED, timezone.now()
    run.save(update_fields=["error", "touched_at", "state", "finished_at"])
