"""Celery's side of compliance: one line each, idempotent by row state."""

from celery import shared_task

from compliance import autoreview, behaviour, lexicon_runs, lexicons, overdue, transfers, unanswered
from compliance.archive import agreements, rounds, watch
from compliance.archive.log import anchors
from compliance.evidence import services as evidence
from compliance.intercept import push as intercept
from compliance.keeping import purges


@shared_task
def archive_pull() -> int:
    return rounds.run()


@shared_task
def archive_sweep() -> int:
    return rounds.sweep()


@shared_task
def archive_recheck() -> int:
    return rounds.recheck()


@shared_task
def archive_agreements() -> int:
    return agreements.poll()


@shared_task
def archive_watch() -> int:
    """Returns how many alarms are open."""
    return watch.watch()


@shared_task
def media_fetch() -> int:
    return rounds.fetch_media()


@shared_task
def purges_run() -> int:
    return purges.purges_run()


@shared_task
def unanswered_find() -> int:
    return unanswered.find()


@shared_task
def behaviour_find() -> int:
    return behaviour.run()


@shared_task
def behaviour_find_slow() -> int:
    return behaviour.run(slow=True)


@shared_task
def alerts_escalate() -> int:
    return overdue.escalate_overdue()


@shared_task
def alerts_auto_review() -> int:
    return autoreview.run()


@shared_task
def log_anchor() -> int:
    """Returns the number of the anchor line, 0 when there was nothing to anchor."""
    row = anchors.anchor()
    return row.number if row else 0


@shared_task
def lexicon_run_work(pk: int) -> bool:
    return lexicon_runs.work(pk)


@shared_task
def lexicon_runs_resume() -> int:
    return lexicon_runs.resume()


@shared_task
def lexicons_promote() -> int:
    return lexicons.lexicons_promote()


@shared_task
def transfers_work() -> int:
    return transfers.work()


@shared_task
def evidence_build(pk: int) -> bool:
    return evidence.evidence_build(pk)


@shared_task
def evidence_sweep() -> int:
    return evidence.sweep()


@shared_task
def intercept_push() -> int:
    return intercept.run()


@shared_task
def intercept_check() -> int:
    return intercept.check()
